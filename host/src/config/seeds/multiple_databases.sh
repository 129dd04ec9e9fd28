# Option 1: JSON array
DB_CONFIGS='[{"id":"db1","host":"host1","database":"db1"},{"id":"db2","host":"host2","database":"db2"}]'

# Option 2: Prefix-based
DB_CONFIG_DB1_HOST=host1
DB_CONFIG_DB1_DATABASE=db1
DB_CONFIG_DB2_HOST=host2
DB_CONFIG_DB2_DATABASE=db2
