# "Store users and user populations", in a workspace: a pool of its own, people, groups, connecting it.

# In the workspace, create a pool.
answers 201 "$CONFIG/servers" -d '{"id": "s2-portal", "name": "Seed 2 Portal"}'
answers 201 "$ADMIN/workspace/s2-portal/pools" -d '{
  "id": "s2-users", "name": "Seed 2 Customer Portal Users", "description": "Who buys from us"
}'
answers 200 "$ADMIN/workspace/s2-portal/pools"
says '"id":"s2-users"'
says '"number_of_users":0'

# Create a user: e-mail address, family name, given name, name; an invitation, or a password that works at once.
USERS=$ADMIN/pools/s2-users/users
person() {
  echo "\"payload\": {\"family_name\": \"Smith\", \"given_name\": \"$1\", \"name\": \"$1 Smith\"},
    \"identifiers\": [{\"type\": \"email\", \"identifier\": \"$1@s2.test\"}],
    \"verifiable_addresses\": [{\"type\": \"email\", \"address\": \"$1@s2.test\", \"verified\": false, \"status\": \"active\"}]"
}
answers 201 "$USERS" -d "{\"id\": \"s2-jo\", \"status\": \"new\", $(person jo)}"
answers 204 "$USERS/s2-jo/activation/send?server_id=s2-portal" -d '{}'
answers 201 "$USERS" -d "{
  \"id\": \"s2-john\", \"status\": \"active\", $(person john),
  \"credentials\": [{\"type\": \"password\", \"password\": \"four herons fish at dusk\"}]
}"
answers 409 "$USERS" -d "{\"status\": \"active\", $(person john)}"
says identifier_taken
answers 422 "$USERS" -d '{"status": "active", "payload": {"given_name": "Nameless"}}'
says /payload/family_name
answers 200 "$ADMIN/pools/s2-users"
says '"number_of_users":2'

# Groups by role or department. Users come first, groups next.
GROUPS_OF_POOL=$ADMIN/pools/s2-users/groups
answers 201 "$GROUPS_OF_POOL" -d '{"id": "s2-admins", "name": "IT Admins", "description": "May change what others see"}'
answers 201 "$GROUPS_OF_POOL" -d '{"id": "s2-employees", "name": "Employees"}'
answers 409 "$GROUPS_OF_POOL" -d '{"name": "employees"}'
answers 404 -X PUT "$GROUPS_OF_POOL/s2-admins/users/s2-nobody"
for id in s2-jo s2-john; do answers 204 -X PUT "$GROUPS_OF_POOL/s2-employees/users/$id"; done
answers 204 -X PUT "$GROUPS_OF_POOL/s2-admins/users/s2-john"
answers 200 "$GROUPS_OF_POOL/s2-employees/users"
says '"id":"s2-jo"'
says '"id":"s2-john"'
answers 200 "$USERS/s2-john/groups"
says 'IT Admins'

# Nobody has access before the pool is connected.
application s2-portal
enter s2-portal
hides login-form
answers 201 "$CONFIG/servers/s2-portal/idps/identity_pool" -d '{"identity_pool_id": "s2-users", "name": "Customers"}'
answers 200 "$CONFIG/pools/s2-users/idps"
says s2-portal
enter s2-portal
submit login-form identifier=john@s2.test 'password=four herons fish at dusk'
arrives s2-portal
told 'IT Admins'
# Jo has an invitation, and no password yet.
enter s2-portal
submit login-form identifier=jo@s2.test 'password=four herons fish at dusk'
stays_out
visit "$(mail link jo@s2.test)"
submit activate-form
submit activate-form 'new_password=one heron at noon' 'new_password_repeat=one heron at noon'
enter s2-portal
submit login-form identifier=jo@s2.test 'password=one heron at noon'
arrives s2-portal

# A pool of a workspace connects to no other.
answers 201 "$CONFIG/servers" -d '{"id": "s2-other", "name": "Seed 2 Other"}'
answers 422 "$CONFIG/servers/s2-other/idps/identity_pool" -d '{"identity_pool_id": "s2-users", "name": "Customers"}'

# Whoever has users elsewhere brings them along with their hashes.
curl -sS --fail-with-body -X POST -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/x-ndjson' \
  --data-binary '{"payload":{"name":"Lu","given_name":"Lu","family_name":"Li"},"identifiers":[{"type":"email","identifier":"lu@s2.test"}]}
{"identifiers":[{"type":"email","identifier":"no address"}]}
' "$ADMIN/pools/s2-users/imports" > answer
says '"created":1'
says '"failed":1'
