/**
 * The request of an `http` template, run by a busybox shell beside curl. Everything comes through the environment; headers and
 * body go to curl in files, so that no secret stands in a command line. Go's client is the model: redirects are followed, the
 * method turns to GET as browsers do it, paths stay as they are written, no content type is made up.
 */
import { SHARED_DIR } from './shared.ts';

/** Where the response is left: `status`, `headers` (those of redirects before them) and `body`, with one more line break. */
export const RESPONSE_DIR = `${SHARED_DIR}/staging`;

export const HTTP_REQUEST = `b=${SHARED_DIR}/busybox; d=${RESPONSE_DIR}; umask 077
: > "$d/request-headers"
typed=
i=0
while [ "$i" -lt "\${HTTP_HEADERS:-0}" ]; do
  eval "name=\\$HTTP_HEADER_\${i}_NAME value=\\$HTTP_HEADER_\${i}"
  case $name in [Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[Tt][Yy][Pp][Ee]) typed=1 ;; esac
  value=$(printf '%s' "$value" | $b tr -d '\\r\\n')
  if [ -n "$value" ]; then printf '%s: %s\\n' "$name" "$value"; else printf '%s;\\n' "$name"; fi >> "$d/request-headers"
  i=$((i + 1))
done
set -- -sS -g -L --max-redirs 10 --path-as-is -H "@$d/request-headers" -D "$d/headers.new" -o "$d/body.new" -w '%{http_code}'
if [ -n "\${HTTP_BODY_BASE64:-}" ]; then printf '%s' "$HTTP_BODY_BASE64" | $b base64 -d > "$d/request"; else printf '%s' "\${HTTP_BODY:-}" > "$d/request"; fi
if [ -s "$d/request" ] || [ "$HTTP_METHOD" = POST ]; then
  set -- "$@" --data-binary "@$d/request"
  [ -n "$typed" ] || set -- "$@" -H 'Content-Type:'
  [ "$HTTP_METHOD" = POST ] || set -- "$@" -X "$HTTP_METHOD"
elif [ "$HTTP_METHOD" = HEAD ]; then set -- "$@" --head
elif [ "$HTTP_METHOD" != GET ]; then set -- "$@" -X "$HTTP_METHOD"
fi
[ -z "\${HTTP_TIMEOUT:-}" ] || set -- "$@" --max-time "$HTTP_TIMEOUT"
[ -z "\${HTTP_INSECURE:-}" ] || set -- "$@" --insecure
: > "$d/body.new"
: > "$d/headers.new"
curl "$@" --url "$HTTP_URL" > "$d/status.new" 2> "$d/error"
code=$?
if [ $code != 0 ]; then
  $b cat "$d/error" >&2
  $b head -c 2000 "$d/error" > /dev/termination-log
  exit $code
fi
[ "$HTTP_METHOD" != HEAD ] || : > "$d/body.new"
echo >> "$d/body.new"
umask 022
for part in status headers body; do $b cat "$d/$part.new" > "$d/$part"; done
$b cat "$d/body"
`;
