# Team A deployment
POSTGRES_CONNECTION_STRING=postgresql://team_a_user:pass@db-team-a:5432/team_a_db
MONGODB_CONNECTION_STRING=mongodb://team_a_user:pass@mongo-team-a:27017/team_a_db

# Team B deployment (separate instance)
POSTGRES_CONNECTION_STRING=postgresql://team_b_user:pass@db-team-b:5432/team_b_db
MONGODB_CONNECTION_STRING=mongodb://team_b_user:pass@mongo-team-b:27017/team_b_db
