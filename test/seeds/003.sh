# "Configuring Identity Pools": names, what each setting does to people, password rules, codes, users, schemas.

# Add a pool. Its name is unique; letters, digits and spaces are what it may hold.
answers 201 "$ADMIN/pools" -d '{"id": "s3", "name": "Seed 3 Staff"}'
answers 409 "$ADMIN/pools" -d '{"name": "Seed 3 Staff"}'
answers 422 "$ADMIN/pools" -d '{"name": "Seed 3 (Staff)"}'
says '"pointer":"/name"'
# Nobody chose a password policy: today's defaults are stored with it.
answers 200 "$ADMIN/pools/s3"
says '"password_policy":{"strength":"fair","min_length":8,"capital_letters":0,"lowercase_letters":0,"digits":0,"special_characters":0,"not_used_since":0}'
# The legacy defaults can be said.
answers 201 "$ADMIN/pools" -d '{"id": "s3-legacy", "name": "Seed 3 Legacy", "password_policy": {"strength": "any", "min_length": 8}}'
answers 201 "$ADMIN/pools/s3-legacy/users" -d '{
  "status": "active", "payload": {"name": "L", "given_name": "L", "family_name": "L"},
  "credentials": [{"type": "password", "password": "harbour1"}]
}'

# Configuration: name and description are changed later on.
answers 200 -X PUT "$ADMIN/pools/s3" -d '{"name": "Seed 3 People", "description": "Who works here"}'
says '"name":"Seed 3 People"'

# Schemas: a unique name; the description heads the registration form, `required` is what people have to give.
answers 201 "$ADMIN/schemas" -d '{
  "id": "s3-schema", "name": "Seed 3 Schema",
  "schema": {
    "description": "sample user data schema", "type": "object",
    "properties": {
      "family_name": {"description": "user last name", "type": "string", "minLength": 1},
      "given_name": {"description": "user first name", "type": "string", "minLength": 1},
      "name": {"description": "user full name", "type": "string", "minLength": 1},
      "e-mail": {"description": "user e-mail", "type": "string", "minLength": 1},
      "custom": {"description": "Custom", "type": "boolean", "minLength": 1}
    },
    "required": ["family_name", "given_name", "name", "e-mail"]
  }
}'
answers 409 "$ADMIN/schemas" -d '{"name": "Seed 3 Schema", "schema": {"type": "object"}}'
answers 201 "$ADMIN/schemas" -d '{
  "id": "s3-notes", "name": "Seed 3 Notes", "schema": {"type": "object", "properties": {"tier": {"enum": ["gold", "silver"]}}}
}'

# Advanced: schemas, mechanisms, registration.
settings() {
  echo "{
    \"name\": \"Seed 3 People\", \"payload_schema_id\": \"s3-schema\", \"metadata_schema_id\": \"s3-notes\",
    \"authentication_mechanisms\": $1, \"public_registration_allowed\": $2,
    \"password_policy\": $3, \"password_settings\": {\"hashing_method\": \"$4\"},
    \"otp_settings\": {\"authentication\": {\"length\": 8, \"ttl\": \"3m0s\"}, \"activation\": {\"length\": 7, \"ttl\": \"48h0m0s\"}}
  }"
}
STRICT='{"strength": "strong", "min_length": 12, "capital_letters": 1, "digits": 2, "special_characters": 1, "not_used_since": 2}'
answers 200 -X PUT "$ADMIN/pools/s3" -d "$(settings '["password", "otp"]' true "$STRICT" bcrypt)"
answers 201 "$CONFIG/servers" -d '{"id": "s3-office", "name": "Seed 3 Office"}'
answers 201 "$CONFIG/servers/s3-office/idps/identity_pool" -d '{"identity_pool_id": "s3", "name": "Staff"}'
application s3-office

# Users: an active one with a password by the policy, whose every rule is named.
USERS=$ADMIN/pools/s3/users
PERSON='"payload": {"family_name": "Fox", "given_name": "Fay", "name": "Fay Fox", "e-mail": "fay@s3.test"}, "metadata": {"tier": "gold"}'
FAY="\"identifiers\": [{\"type\": \"email\", \"identifier\": \"fay@s3.test\"}],
  \"verifiable_addresses\": [{\"type\": \"email\", \"address\": \"fay@s3.test\", \"verified\": true, \"status\": \"active\"}]"
answers 422 "$USERS" -d "{\"status\": \"active\", $PERSON, $FAY, \"credentials\": [{\"type\": \"password\", \"password\": \"foxfay\"}]}"
for rule in min_length capital_letters digits special_characters strength; do says "\"rule\":\"$rule\""; done
answers 201 "$USERS" -d "{\"id\": \"s3-fay\", \"status\": \"active\", $PERSON, $FAY, \"credentials\": [{\"type\": \"password\", \"password\": \"42 Otters, one river\"}]}"
answers 422 -X PUT "$USERS/s3-fay" -d '{"metadata": {"tier": "tin"}}'

# What people see while both are on: a code of eight digits, and a form with what the schema asks for.
enter s3-office
follow use-email_otp
submit login-form identifier=fay@s3.test
[[ $(mail code fay@s3.test) =~ ^[0-9]{8}$ ]]
submit code-form "code=$(mail code fay@s3.test)"
arrives s3-office
enter s3-office
follow register-link
for text in 'sample user data schema' 'user last name' 'user e-mail' Custom; do shows "$text"; done
submit register-form identifier=gil@s3.test payload.name=Gil payload.given_name=Gil payload.family_name=Gold \
  payload.e-mail=gil@s3.test credential=password 'new_password=77 Gulls, one wire' 'new_password_repeat=77 Gulls, one wire'
[[ $(mail code gil@s3.test) =~ ^[0-9]{7}$ ]]
submit code-form "code=$(mail code gil@s3.test)"
arrives s3-office

# Settings impact: with codes and registration off, both are gone from the pages.
answers 200 -X PUT "$ADMIN/pools/s3" -d "$(settings '["password"]' false "$STRICT" argon2)"
enter_until 'lost register-link' s3-office
hides register-link
hides use-email_otp
submit login-form identifier=fay@s3.test 'password=42 Otters, one river'
arrives s3-office
visit "$WEIR/default/identity/s3/register?server_id=s3-office"
hides register-form

# A password that was used lately is not taken again; one before those is.
answers 201 "$CONFIG/clients" -d '{
  "authorization_server_id": "system", "client_id": "s3-backend", "grant_types": ["client_credentials"], "scopes": ["identity"]
}'
TOKEN=$(pick access_token "$(curl -sS --fail-with-body -u "s3-backend:$(pick client_secret "$(<answer)")" \
  -d grant_type=client_credentials -d scope=identity "$WEIR/default/system/oauth2/token")")
CHANGE=$WEIR/api/identity/default/system/pools/s3/users/s3-fay/change-password
answers 204 "$CHANGE" -d '{"old_password": "42 Otters, one river", "new_password": "43 Otters, one river"}'
answers 422 "$CHANGE" -d '{"old_password": "43 Otters, one river", "new_password": "42 Otters, one river"}'
says '"rule":"not_used_since"'
answers 204 "$CHANGE" -d '{"old_password": "43 Otters, one river", "new_password": "44 Otters, one river"}'
answers 204 "$CHANGE" -d '{"old_password": "44 Otters, one river", "new_password": "42 Otters, one river"}'
