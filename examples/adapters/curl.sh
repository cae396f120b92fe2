#!/bin/sh
# The smallest useful adapter: a client made of curl. It can get a token and read one resource; for every other
# action it says « my client does not have that » (exit 89). Variables: docs/adapter.md.
set -eu

tls="--silent --show-error --fail-with-body --cacert $ROR_CA_CERT"
if [ -n "${ROR_CLIENT_CERT:-}" ]; then          # profiles 1 to 5: the certificate is the proof
    proof="--cert $ROR_CLIENT_CERT --key $ROR_CLIENT_KEY"
else                                            # profile 0: the secret is
    proof="--data-urlencode client_secret=$ROR_CLIENT_SECRET"
fi
case "$ROR_ACTION" in token|read) ;; *) exit 89 ;; esac

# An error of curl ends the script: its message on standard error is what the client reports.
answer=$(curl $tls $proof --data-urlencode "client_id=$ROR_CLIENT_ID" \
    --data grant_type=client_credentials "$ROR_TOKEN_URL") || { echo "no token: $answer" >&2; exit 1; }
[ "$ROR_ACTION" = token ] && exit 0

token=$(printf '%s' "$answer" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
resource=$(printf '%s' "$ROR_INPUT" | sed 's/.*"resource":"\([^"]*\)".*/\1/')
id=$(printf '%s' "$ROR_INPUT" | sed 's/.*"id":"\([^"]*\)".*/\1/')
body=$(curl $tls "$ROR_FHIR_URL/$resource/$id" --header "Authorization: Bearer $token" \
    --header "Ror-Profil-Utilisateur-Code: $ROR_PROFIL_UTILISATEUR_CODE" \
    --header "Ror-Profil-Utilisateur-System: $ROR_PROFIL_UTILISATEUR_SYSTEM" \
    --header "Ror-Role-Metier-Code: $ROR_ROLE_METIER_CODE" \
    --header "Ror-Role-Metier-System: $ROR_ROLE_METIER_SYSTEM") || { echo "refused: $body" >&2; exit 1; }
printf '{"outcome":"ok","integrated":[{"resourceType":"%s","id":"%s"}]}\n' "$resource" "$id"
