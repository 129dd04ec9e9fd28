# Environment variables for server configuration
export POSTGRES_RESOURCE_ARN="arn:aws:rds:region:account:cluster:primary"
export POSTGRES_DATABASE="production"
export FASTMCP_HOST="0.0.0.0"
export FASTMCP_PORT="8000"

python -m awslabs.postgres_mcp_server.server --transport streamable-http
