# What every walk begins with. $WEIR, $SECRET and $CALLBACK are given; curl does everything.
# pick NAME JSON: the first text of that name.
pick() { [[ $2 =~ \"$1\":\ *\"([^\"]*)\" ]] && echo "${BASH_REMATCH[1]}"; }
token() {
  pick access_token "$(curl -sS --fail-with-body -u "management:$SECRET" \
    -d grant_type=client_credentials "$WEIR/default/admin/oauth2/token")"
}
TOKEN=$(token)
ADMIN=$WEIR/api/identity/default/admin
CONFIG=$WEIR/api/admin/default

fail() { echo "line ${BASH_LINENO[1]}: $1" >&2; exit 1; }

# answers STATUS CURL-ARGUMENTS: a call of the API, whose answer is left in the file `answer`.
answers() {
  local wanted=$1 given
  shift
  given=$(curl -sS -o answer -w '%{http_code}' -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' "$@")
  [ "$given" = "$wanted" ] || fail "$given in place of $wanted: $* $(<answer)"
}
says() { [[ $(<answer) == *"$1"* ]] || fail "the answer lacks $1: $(<answer)"; }
lacks() { [[ $(<answer) != *"$1"* ]] || fail "the answer has $1: $(<answer)"; }

# mail FIELD ADDRESS: code or link of the newest message to somebody.
mail() { pick "$1" "$(curl -sS -G --data-urlencode "to=$2" "$WEIR/dev/mailbox.json")"; }

# A browser without JavaScript: cookies in `jar`, the page that is shown in `page`, its address in $AT.
visit() {
  local next
  AT=$1
  shift
  while true; do
    next=$(curl -sS -b jar -c jar -o page -w '%{redirect_url}' "$@" "$AT")
    [ -n "$next" ] || return 0
    AT=$next
    set --
    case $AT in "$WEIR"/*) ;; *) return 0 ;; esac
  done
}
another_browser() { rm -f jar; }
words() { sed 's/<[^>]*>/ /g' page | tr -s ' \n' ' '; }
has() { [[ $(<page) == *"$1"* ]]; }
lost() { ! has "$1"; }
shows() { has "$1" || fail "the page at $AT lacks $1: $(words)"; }
hides() { lost "$1" || fail "the page at $AT has $1"; }
follow() {
  local and='&'
  [[ $(<page) =~ \<a[^\>]*id=\"$1\"[^\>]*href=\"([^\"]*)\" ]] || fail "no link $1 at $AT"
  visit "$WEIR${BASH_REMATCH[1]//&amp;/"$and"}"
}

# submit FORM NAME=VALUE...: what the form hides is sent with it, as a browser does, but for what is disabled.
submit() {
  local form action field fields=()
  [[ $(<page) =~ \<form[^\>]*id=\"$1\".* ]] || fail "no form $1 at $AT: $(words)"
  form=${BASH_REMATCH[0]%%</form>*}
  [[ $form =~ action=\"([^\"]*)\" ]] && action=${BASH_REMATCH[1]}
  shift
  while [[ $form =~ \<input\ type=\"hidden\"\ name=\"([^\"]*)\"\ value=\"([^\"]*)\"\> ]]; do
    fields+=(--data-urlencode "${BASH_REMATCH[1]}=${BASH_REMATCH[2]}")
    form=${form#*"${BASH_REMATCH[0]}"}
  done
  for field in "$@"; do fields+=(--data-urlencode "$field"); done
  visit "$WEIR$action" -H "Origin: $WEIR" "${fields[@]}"
}

# application WORKSPACE: a public client there. enter WORKSPACE: its sign-in, in another browser.
application() {
  answers 201 "$CONFIG/clients" -d "{
    \"authorization_server_id\": \"$1\", \"client_id\": \"$1-web\", \"client_name\": \"Harbour Books\",
    \"token_endpoint_auth_method\": \"none\", \"redirect_uris\": [\"$CALLBACK\"], \"trusted\": true,
    \"scopes\": [\"openid\", \"profile\", \"groups\"]
  }"
}
VERIFIER=a-verifier-that-nobody-else-would-ever-think-of
CHALLENGE=HL3tTWh4S1arDYgrtQCBDktc4pUXcTffPZe3CGZqk7w
enter() {
  another_browser
  visit "$WEIR/default/$1/oauth2/authorize?client_id=$1-web&response_type=code&scope=openid+profile+groups&redirect_uri=$CALLBACK&code_challenge_method=S256&code_challenge=$CHALLENGE"
}
# enter_until COMMAND WORKSPACE: what was changed holds in every process within two seconds.
enter_until() {
  for _ in {1..10}; do
    enter "$2"
    if $1; then return; fi
    sleep 0.3
  done
}

# arrives WORKSPACE: the browser is back at the application, whose code is good for tokens; they are in `answer`.
arrives() {
  case $AT in "$CALLBACK"\?code=*) ;; *) fail "no sign-in: $AT $(words)" ;; esac
  local code=${AT#*code=}
  curl -sS -o answer "$WEIR/default/$1/oauth2/token" -d grant_type=authorization_code -d "client_id=$1-web" \
    -d "code=${code%%&*}" -d "code_verifier=$VERIFIER" -d "redirect_uri=$CALLBACK"
  says access_token
}
# told TEXT: the ID token that the application got says so.
told() {
  node -p "Buffer.from('$(pick id_token "$(<answer)")'.split('.')[1], 'base64url').toString()" > claims
  [[ $(<claims) == *"$1"* ]] || fail "no $1 in $(<claims)"
}
stays_out() { case $AT in "$CALLBACK"*) fail 'signed in' ;; esac; }
