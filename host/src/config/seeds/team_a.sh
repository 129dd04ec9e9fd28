# .env
POSTGRES_CONNECTION_STRING=postgresql://team_a_ro:secure_pass@db.team-a.internal:5432/team_a_db?sslmode=require
MONGODB_CONNECTION_STRING=mongodb://team_a_user:secure_pass@mongo.team-a.internal:27017/team_a_db?authSource=admin&tls=true
