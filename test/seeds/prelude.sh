# What every walk begins with. $WEIR, $SECRET and $CALLBACK are given; curl does everything, node reads JSON.
pick() { node -p "JSON.parse(process.argv[1])['$1']" "$2"; }
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
  [ "$given" = "$wanted" ] || fail "$given in place of $wanted: $* $(cat answer)"
}
says() { grep -q -- "$1" answer || fail "the answer lacks $1: $(cat answer)"; }
lacks() { ! grep -q -- "$1" answer || fail "the answer has $1: $(cat answer)"; }

# mail FIELD ADDRESS: code or link of the newest message to somebody.
mail() {
  node -p "JSON.parse(process.argv[1]).messages[0]?.$1 ?? ''" \
    "$(curl -sS -G --data-urlencode "to=$2" "$WEIR/dev/mailbox.json")"
}

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
shows() { grep -q -- "$1" page || fail "the page at $AT lacks $1: $(tr -d '\n' < page | sed 's/<[^>]*>/ /g')"; }
hides() { ! grep -q -- "$1" page || fail "the page at $AT has $1"; }
follow() { visit "$WEIR$(sed -n "s/.*<a[^>]*id=\"$1\"[^>]*href=\"\([^\"]*\)\".*/\1/p" page | head -1 | sed 's/&amp;/\&/g')"; }

# submit FORM NAME=VALUE...: what the form hides is sent with it, as a browser does.
submit() {
  local form action hidden name value fields=()
  form=$(sed -n "/<form[^>]*id=\"$1\"/,/<\/form>/p" page)
  [ -n "$form" ] || fail "no form $1 at $AT"
  action=$(sed -n 's/.*<form[^>]*action="\([^"]*\)".*/\1/p' <<< "$form")
  shift
  while read -r hidden; do
    name=$(sed 's/.*name="\([^"]*\)".*/\1/' <<< "$hidden")
    value=$(sed 's/.*value="\([^"]*\)".*/\1/' <<< "$hidden")
    fields+=(--data-urlencode "$name=$value")
  done < <(grep -o '<input type="hidden"[^>]*>' <<< "$form")
  for value in "$@"; do fields+=(--data-urlencode "$value"); done
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
CHALLENGE=$(node -p "crypto.createHash('sha256').update('$VERIFIER').digest('base64url')")
enter() {
  another_browser
  visit "$WEIR/default/$1/oauth2/authorize?client_id=$1-web&response_type=code&scope=openid+profile+groups&redirect_uri=$CALLBACK&code_challenge_method=S256&code_challenge=$CHALLENGE"
}

# arrives WORKSPACE: the browser is back at the application, whose code is good for tokens; they are in `answer`.
arrives() {
  case $AT in "$CALLBACK"\?code=*) ;; *) fail "no sign-in: $AT $(tr -d '\n' < page | sed 's/<[^>]*>/ /g')" ;; esac
  local code=${AT#*code=}
  curl -sS -o answer "$WEIR/default/$1/oauth2/token" -d grant_type=authorization_code -d "client_id=$1-web" \
    -d "code=${code%%&*}" -d "code_verifier=$VERIFIER" -d "redirect_uri=$CALLBACK"
  says access_token
}
# told TEXT: the ID token that the application got says so.
told() { node -p "Buffer.from('$(pick id_token "$(cat answer)")'.split('.')[1], 'base64url').toString()" > claims; grep -q -- "$1" claims || fail "no $1 in $(cat claims)"; }
stays_out() { case $AT in "$CALLBACK"*) fail 'signed in' ;; esac; }
