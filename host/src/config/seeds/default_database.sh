DB_DEFAULT_CONFIG=db1  # Use db1 as default for new sessions
