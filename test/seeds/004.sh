# "Store users and user populations", for a workspace: a pool, three ways to people, groups of partners, next steps.

# The pool is created and has no users yet.
answers 201 "$CONFIG/servers" -d '{"id": "s4-app", "name": "Seed 4 App"}'
answers 201 "$ADMIN/workspace/s4-app/pools" -d '{"id": "s4", "name": "Seed 4 Members", "description": "Partners and staff"}'
says '"number_of_users":0'
says '"workspace_id":"s4-app"'

# Users by hand: credentials by the administrator, or a link for registration.
USERS=$ADMIN/pools/s4/users
answers 201 "$USERS" -d '{
  "id": "s4-kim", "status": "active", "payload": {"family_name": "Lee", "given_name": "Kim", "name": "Kim Lee"},
  "identifiers": [{"type": "mobile", "identifier": "+48500600800"}],
  "verifiable_addresses": [{"type": "mobile", "address": "+48500600800", "verified": true, "status": "active"}],
  "credentials": [{"type": "password", "password": "four herons fish at dusk"}]
}'
answers 201 "$USERS" -d '{
  "id": "s4-max", "status": "new", "payload": {"family_name": "Roe", "given_name": "Max", "name": "Max Roe"},
  "identifiers": [{"type": "email", "identifier": "max@s4.test"}],
  "verifiable_addresses": [{"type": "email", "address": "max@s4.test", "verified": false, "status": "active"}]
}'
answers 204 "$USERS/s4-max/activation/send?server_id=s4-app" -d '{"address": "max@s4.test"}'

# To have been added grants nothing: an application is configured, and the pool connected to its workspace.
application s4-app
enter s4-app
hides login-form
answers 201 "$CONFIG/servers/s4-app/idps/identity_pool" -d '{"id": "s4-idp", "identity_pool_id": "s4", "name": "Members"}'
visit "$(mail link max@s4.test)"
submit activate-form
submit activate-form 'new_password=seven herons at dawn' 'new_password_repeat=seven herons at dawn'
enter s4-app
submit login-form identifier=max@s4.test 'password=seven herons at dawn'
arrives s4-app

# Groups: one for each partner, with what only theirs may do; users have to be there before they are assigned.
GROUPS_OF_POOL=$ADMIN/pools/s4/groups
answers 201 "$GROUPS_OF_POOL" -d '{"id": "s4-partners", "name": "Partners"}'
answers 201 "$GROUPS_OF_POOL" -d '{"id": "s4-north", "name": "North", "parent_id": "s4-partners"}'
answers 201 "$GROUPS_OF_POOL" -d '{"id": "s4-south", "name": "South", "parent_id": "s4-partners"}'
answers 404 -X PUT "$GROUPS_OF_POOL/s4-north/users/s4-absent"
answers 204 -X PUT "$GROUPS_OF_POOL/s4-north/users/s4-kim"
answers 200 "$GROUPS_OF_POOL/s4-partners/users?with_nested_groups=true"
says s4-kim
lacks s4-max
# Access to an application of its own is for a group only: Max is not in it.
answers 200 "$CONFIG/clients/s4-app-web"
answers 200 -X PUT "$CONFIG/clients/s4-app-web" -d "{
  \"client_name\": \"Harbour Books\", \"token_endpoint_auth_method\": \"none\", \"redirect_uris\": [\"$CALLBACK\"], \"trusted\": true,
  \"required_groups\": [{\"identity_pool_id\": \"s4\", \"group_id\": \"s4-partners\"}]
}"
enter s4-app
submit login-form identifier=max@s4.test 'password=seven herons at dawn'
stays_out
enter s4-app
submit login-form identifier=+48500600800 'password=four herons fish at dusk'
arrives s4-app

# Next steps: other ways to sign in, among them codes and passkeys, and registration by people themselves.
answers 200 -X PUT "$ADMIN/pools/s4" -d '{
  "name": "Seed 4 Members", "authentication_mechanisms": ["password", "otp", "webauthn"],
  "preferred_authentication_mechanism": "sms_otp", "public_registration_allowed": true
}'
enter_until 'has register-link' s4-app
shows use-webauthn
submit login-form identifier=+48500600800
submit code-form "code=$(mail code +48500600800)"
arrives s4-app
enter s4-app
follow register-link
shows register-form
