// Environment variables
DB_CONFIGS='[
  {
    "id": "prod",
    "name": "Production DB",
    "host": "prod.db.com",
    "database": "prod_db"
  },
  {
    "id": "staging",
    "name": "Staging DB", 
    "host": "staging.db.com",
    "database": "staging_db"
  }
]'
