# "Store Users and User Populations in Identity Pools": a pool, its people, connecting it, self-registration.

# Create a pool: how people sign in, and which data they have. Schemas of one's own may be assigned.
answers 201 "$ADMIN/schemas" -d '{
  "id": "s0-customer", "name": "Seed 0 Customer",
  "schema": {
    "type": "object", "description": "Tell us who you are", "required": ["given_name"],
    "properties": {"given_name": {"type": "string", "description": "First name", "minLength": 1}}
  }
}'
answers 201 "$ADMIN/pools" -d '{
  "id": "s0", "name": "Seed 0", "payload_schema_id": "s0-customer",
  "authentication_mechanisms": ["password", "otp"], "preferred_authentication_mechanism": "password"
}'
USERS=$ADMIN/pools/s0/users
# The attributes follow from the schema.
answers 422 "$USERS" -d '{"status": "active", "payload": {"given_name": ""}}'
says /payload/given_name

# Add a user, set credentials: a temporary password that must be changed at the first sign-in.
answers 201 "$USERS" -d '{
  "status": "active", "payload": {"given_name": "Tom"},
  "identifiers": [{"type": "email", "identifier": "tom@s0.test"}],
  "credentials": [{"type": "password", "password": "a lantern on the pier", "must_be_changed": true}]
}'
# Add a user, send an invitation: by mail, and by telephone to another.
answers 201 "$USERS" -d '{
  "id": "s0-ina", "status": "new", "payload": {"given_name": "Ina"},
  "identifiers": [{"type": "email", "identifier": "ina@s0.test"}],
  "verifiable_addresses": [{"type": "email", "address": "ina@s0.test", "verified": false, "status": "active"}]
}'
answers 204 "$USERS/s0-ina/activation/send" -d '{"address": "ina@s0.test"}'
answers 201 "$USERS" -d '{
  "id": "s0-udo", "status": "new", "payload": {"given_name": "Udo"},
  "identifiers": [{"type": "mobile", "identifier": "+48500600700"}],
  "verifiable_addresses": [{"type": "mobile", "address": "+48500600700", "verified": false, "status": "active"}]
}'
answers 204 "$USERS/s0-udo/activation/send?code_type_in_message=code" -d '{"address": "+48500600700"}'
# They set the password themselves.
visit "$(mail link ina@s0.test)"
submit activate-form
submit activate-form 'new_password=seven herons at dawn' 'new_password_repeat=seven herons at dawn'
shows 'data-done="activated"'
another_browser
visit "$WEIR/default/identity/s0/activate"
submit code-form 'identifier=+48500600700' "code=$(mail code +48500600700)"
submit activate-form 'new_password=seven herons at noon' 'new_password_repeat=seven herons at noon'
shows 'data-done="activated"'

# To be in a pool is not to be let in anywhere: the pool has to be connected to the application's workspace.
answers 201 "$CONFIG/servers" -d '{"id": "s0-shop", "name": "Seed 0 Shop"}'
application s0-shop
enter s0-shop
hides login-form
answers 201 "$CONFIG/servers/s0-shop/idps/identity_pool" -d '{"identity_pool_id": "s0", "name": "Customers"}'
enter s0-shop
submit login-form identifier=ina@s0.test 'password=seven herons at dawn'
arrives s0-shop
enter s0-shop
submit login-form identifier=+48500600700 'password=seven herons at noon'
arrives s0-shop
# The temporary password leads to a new one, and into the application.
enter s0-shop
submit login-form identifier=tom@s0.test 'password=a lantern on the pier'
stays_out
submit new-password-form 'new_password=two lanterns at sea' 'new_password_repeat=two lanterns at sea'
arrives s0-shop

# Allow users to register themselves: off, then on.
enter s0-shop
hides register-link
answers 200 -X PUT "$ADMIN/pools/s0" -d '{
  "name": "Seed 0", "payload_schema_id": "s0-customer", "authentication_mechanisms": ["password", "otp"],
  "public_registration_allowed": true
}'
enter_until 'has register-link' s0-shop
follow register-link
shows 'Tell us who you are'
submit register-form identifier=eva@s0.test payload.given_name=Eva credential=password \
  'new_password=five barges in a row' 'new_password_repeat=five barges in a row'
submit code-form "code=$(mail code eva@s0.test)"
arrives s0-shop
