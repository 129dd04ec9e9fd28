# Command line (existing approach)
python -m awslabs.postgres_mcp_server.server \
  --resource_arn "arn:aws:rds:region:account:cluster:primary" \
  --secret_arn "arn:aws:secretsmanager:region:account:secret:primary" \
  --database "production" \
  --region "us-west-2" \
  --readonly "true"
