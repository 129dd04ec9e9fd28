# .env
POSTGRES_CONNECTION_STRING=postgresql://team_b_ro:different_pass@db.team-b.internal:5432/team_b_db?sslmode=require
MONGODB_CONNECTION_STRING=mongodb://team_b_user:different_pass@mongo.team-b.internal:27017/team_b_db?authSource=admin&tls=true
