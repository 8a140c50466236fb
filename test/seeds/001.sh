# "Create Identity Pool": populations apart from each other, rich data, registration by administrators, sign-up.

# As many pools as populations. Labels nest them in lists: Partners > Partner 1.
for name in 'Partner 1' 'Partner 2' 'Business 1' 'Business 2' Employees; do
  id=$(tr 'A-Z ' 'a-z-' <<< "$name")
  answers 201 "$ADMIN/pools" -d "{\"id\": \"s1-$id\", \"name\": \"Seed 1 $name\", \"labels\": {\"s1\": \"${name% *}\"}}"
done
answers 200 "$ADMIN/pools?label=s1:Partner"
says s1-partner-1
says s1-partner-2
lacks s1-employees

# Rich data: what people may edit themselves (a telephone number), and what only administrators may (a role).
answers 201 "$ADMIN/schemas" -d '{
  "id": "s1-staff", "name": "Seed 1 Staff",
  "schema": {"type": "object", "properties": {"phone": {"type": "string"}, "name": {"type": "string"}}}
}'
answers 201 "$ADMIN/schemas" -d '{
  "id": "s1-staff-notes", "name": "Seed 1 Staff notes",
  "schema": {"type": "object", "properties": {"role": {"enum": ["clerk", "captain"]}, "risk": {"type": "string", "hidden": true}}}
}'
answers 200 -X PUT "$ADMIN/pools/s1-employees" -d '{
  "name": "Seed 1 Employees", "payload_schema_id": "s1-staff", "metadata_schema_id": "s1-staff-notes",
  "labels": {"s1": "Employees"}
}'
USERS=$ADMIN/pools/s1-employees/users

# Registration of an inactive user: created, sent a message, activated by the person.
answers 201 "$USERS" -d '{
  "id": "s1-ada", "status": "new", "metadata": {"role": "clerk", "risk": "none"},
  "identifiers": [{"type": "email", "identifier": "ada@s1.test"}],
  "verifiable_addresses": [{"type": "email", "address": "ada@s1.test", "verified": false, "status": "active"}]
}'
says '"status":"new"'
answers 204 "$USERS/s1-ada/activation/send" -d '{"address": "ada@s1.test"}'
visit "$(mail link ada@s1.test)"
submit activate-form
submit activate-form 'new_password=seven herons at dawn' 'new_password_repeat=seven herons at dawn'
answers 200 "$USERS/s1-ada"
says '"status":"active"'
# Registration of an active user, with a password.
answers 201 "$USERS" -d '{
  "status": "active", "identifiers": [{"type": "uid", "identifier": "bo"}],
  "credentials": [{"type": "password", "password": "six herons at dusk"}]
}'
answers 201 "$ADMIN/pools/s1-partner-1/users" -d '{
  "status": "active", "payload": {"name": "Pat", "given_name": "Pat", "family_name": "Poe"},
  "identifiers": [{"type": "uid", "identifier": "pat"}],
  "credentials": [{"type": "password", "password": "nine gulls on a wire"}]
}'

# Who may sign in where is a matter of what is connected: partners to the partners' application, employees to theirs.
for place in partners office; do
  answers 201 "$CONFIG/servers" -d "{\"id\": \"s1-$place\", \"name\": \"Seed 1 $place\"}"
  application "s1-$place"
done
answers 201 "$CONFIG/servers/s1-partners/idps/identity_pool" -d '{"identity_pool_id": "s1-partner-1", "name": "Partner 1"}'
answers 201 "$CONFIG/servers/s1-office/idps/identity_pool" -d '{"identity_pool_id": "s1-employees", "name": "Employees"}'
enter s1-partners
submit login-form identifier=pat 'password=nine gulls on a wire'
arrives s1-partners
enter s1-partners
submit login-form identifier=bo 'password=six herons at dusk'
stays_out
shows 'That did not work'
enter s1-office
submit login-form identifier=ada@s1.test 'password=seven herons at dawn'
arrives s1-office

# Ada changes her telephone number. Her role she sees, and cannot change; what is hidden she does not see.
TOKEN=$(pick access_token "$(<answer)")
ME=$WEIR/default/s1-office/identity/self/me
answers 200 -X PUT "$ME" -d '{"payload": {"phone": "+48500600701"}}'
says '"role":"clerk"'
lacks risk
answers 422 -X PUT "$ME" -d '{"payload": {"phone": "+48500600701"}, "metadata": {"role": "captain"}}'
answers 200 "$ME"
says '"role":"clerk"'
says +48500600701
TOKEN=$(token)

# Let people sign up: the page, and a page of one's own by the API.
enter s1-office
hides register-link
answers 200 -X PUT "$ADMIN/pools/s1-employees" -d '{
  "name": "Seed 1 Employees", "payload_schema_id": "s1-staff", "metadata_schema_id": "s1-staff-notes",
  "public_registration_allowed": true
}'
visit "$WEIR/default/identity/s1-employees/register?server_id=s1-office"
submit register-form identifier=eva@s1.test payload.name=Eva credential=password \
  'new_password=five barges in a row' 'new_password_repeat=five barges in a row'
submit code-form "code=$(mail code eva@s1.test)"
enter s1-office
submit login-form identifier=eva@s1.test 'password=five barges in a row'
arrives s1-office
answers 201 "$CONFIG/clients" -d '{
  "authorization_server_id": "system", "client_id": "s1-backend", "grant_types": ["client_credentials"], "scopes": ["identity"]
}'
TOKEN=$(pick access_token "$(curl -sS --fail-with-body -u "s1-backend:$(pick client_secret "$(<answer)")" \
  -d grant_type=client_credentials -d scope=identity "$WEIR/default/system/oauth2/token")")
POOL=$WEIR/api/identity/default/system/pools/s1-employees
answers 201 "$POOL/user/register?code_type_in_message=code" -d '{"identifier": "ole@s1.test", "payload": {"name": "Ole"}}'
answers 201 "$POOL/users/$(pick id "$(<answer)")/activate" -d "{\"code\": \"$(mail code ole@s1.test)\", \"password\": \"four kites on a beach\"}"
says '"status":"active"'
