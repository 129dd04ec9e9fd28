export CONFIG_PATH=./test-harness/config/dual-postgresql-config.json
export SERVER_PORT=3000
npm run build
node dist/test-harness/v2-test-server.js
