/**
 * The shell side of artifacts, for a POSIX shell and the tools of busybox, called through $b. What to do comes in variables
 * (transfers.ts writes them); what it takes to do it is here. Credentials are files of mounted Secrets: they reach curl on
 * its standard input, never as an argument, nor in a file or a variable of a container that the user's command can see.
 */
import { SHARED_DIR } from './shared.ts';

/** Where input artifacts are put, each by its name. Argo: the same */
export const INPUTS_DIR = '/argo/inputs/artifacts';
/** Where the Secrets of artifacts are mounted, one folder each. Argo: the same */
export const SECRETS_DIR = '/argo/secret';
/** Where main's own volumes are mounted in a container that puts artifacts into them. Argo: the same */
export const MAIN_VOLUMES_DIR = '/mainctrfs';

/** Packs what main left, in main's own container, since its files are seen only there: `artifacts/N.{tgz,zip,file,dir,error}`. */
export const COLLECT = `i=0
while [ -e "$d/artifacts/$i.path" ]; do
  n=$d/artifacts/$i; i=$((i + 1))
  path=$($b cat "$n.path"; echo x); path=\${path%x}
  while [ "$path" != / ] && [ "$path" != "\${path%/}" ]; do path=\${path%/}; done
  [ ! -L "$path" ] || path=$($b readlink -f "$path") || continue
  [ -e "$path" ] || continue
  read -r how level < "$n.how"
  folder=\${path%/*}
  $b rm -rf "$n.new"
  if [ "$how" = none ] && [ -d "$path" ]; then
    { $b mkdir "$n.new" && $b cp -R "$path/." "$n.new" && $b chmod -R a+rX "$n.new" && $b mv "$n.new" "$n.dir"; } 2> "$n.said" || $b mv "$n.said" "$n.error"
  elif [ "$how" = none ]; then
    { $b cat "$path" > "$n.new" && $b mv "$n.new" "$n.file"; } 2> "$n.said" || $b mv "$n.said" "$n.error"
  elif [ "$how" = zip ]; then
    ( . "$d/zip" ) 2> "$n.said" && $b mv "$n.new" "$n.zip" || $b mv "$n.said" "$n.error"
  else
    $b gzip $level < /dev/null > /dev/null 2>&1 || level=
    { $b tar -cf - -C "\${folder:-/}" -- "\${path##*/}" 2> "$n.said" || : > "$n.broken"; } | $b gzip $level > "$n.new" 2>> "$n.said" || : > "$n.broken"
    if [ -e "$n.broken" ]; then $b mv "$n.said" "$n.error"; else $b mv "$n.new" "$n.tgz"; fi
  fi
done
`;

/**
 * Makes a zip archive of $path in $n.new with nothing but busybox, which has no zip: the deflated bytes of each file and their
 * check sum are those that gzip writes.
 */
export const ZIP = `LC_ALL=C; export LC_ALL
le() { v=$1; o=; k=$2; while [ $k -gt 0 ]; do o="$o\\\\0$((v / 64 % 4))$((v / 8 % 8))$((v % 8))"; v=$((v / 256)); k=$((k - 1)); done; printf '%b' "$o"; }
entries=0; offset=0; newline=$(printf '\\001')
: > "$n.new"; : > "$n.central"
cd "\${folder:-/}"
$b find "./\${path##*/}" \\( -type f -o -type d \\) -print0 | $b tr '\\n\\000' '\\001\\n' > "$n.list"
while IFS= read -r entry; do
  entry=\${entry#./}
  case $entry in *"$newline"*) entry=$(printf '%s' "$entry" | $b tr '\\001' '\\n'; echo x); entry=\${entry%x} ;; esac
  if [ -d "$entry" ]; then label=$entry/; method=0; check='\\0000\\0000\\0000\\0000\\0000\\0000\\0000\\0000'; packed=0; attributes=1106051088
  else
    label=$entry; method=8; attributes=2175008768
    $b gzip -c < "$entry" > "$n.gz" || exit 1
    packed=$(($($b wc -c < "$n.gz") - 18)); check=
    for byte in $($b tail -c 8 "$n.gz" | $b od -An -v -to1); do check="$check\\\\0$byte"; done
    [ $((offset + packed)) -lt 4294967295 ] || { echo 'a zip archive of 4 GiB or more is not made here: use tar' >&2; exit 1; }
  fi
  common() { le 20 2; le 2048 2; le $method 2; le 0 2; le 33 2; printf '%b' "\${check%????????????????????}"; le $packed 4; printf '%b' "\${check#????????????????????}"; le \${#label} 2; le 0 2; }
  { printf 'PK\\003\\004'; common; printf '%s' "$label"; [ $method = 0 ] || { $b tail -c +11 "$n.gz" | $b head -c $packed; }; } >> "$n.new"
  { printf 'PK\\001\\002'; le 788 2; common; le 0 2; le 0 2; le 0 2; le $attributes 4; le $offset 4; printf '%s' "$label"; } >> "$n.central"
  offset=$((offset + 30 + \${#label} + packed)); entries=$((entries + 1))
done < "$n.list"
[ $entries -lt 65535 ] || { echo 'a zip archive of more than 65534 files is not made here: use tar' >&2; exit 1; }
central=$($b wc -c < "$n.central")
{ $b cat "$n.central"; printf 'PK\\005\\006'; le 0 2; le 0 2; le $entries 2; le $entries 2; le $central 4; le $offset 4; le 0 2; } >> "$n.new"
$b rm -f "$n.gz" "$n.central" "$n.list"
`;

/** Requests with retries, their errors in words, and names as URLs and curl's configuration want them. */
const COMMON = `t=/tmp/tiphys-transfer
rm -rf $t
mkdir -p $t
body=$t/body
reset_place() { kind=; base=; key=; region=; ak=; sk=; token=; ca=; headers=; user=; pass=; cert=; certkey=; create=; where=; ssec=; insecure=; secrets=; account=; owner=; path=; grant=; oauth_id=; oauth_secret=; oauth_url=; oauth_data=; optional=; mode=; recurse=; archive=; raw=; parts=; revision=; branch=; depth=; refs=; single=; flat=; anyhost=; sshkey=; trust=; }
# A line of curl's configuration; the value in quotes.
line() { printf '%s = "%s"\\n' "$1" "$(printf '%s' "$2" | $b sed -e 's/\\\\/\\\\\\\\/g' -e 's/"/\\\\"/g')"; }
config() {
  [ -z "$ca" ] || line cacert "$ca"
  [ -z "$cert" ] || line cert "$cert"
  [ -z "$certkey" ] || line key "$certkey"
  [ -z "$insecure" ] || echo insecure
  if [ -n "$ak" ]; then
    line aws-sigv4 "aws:amz:$region:s3"
    line user "$($b cat "$ak"):$($b cat "$sk")"
    line header 'x-amz-content-sha256: UNSIGNED-PAYLOAD'
    [ -z "$token" ] || line header "x-amz-security-token: $($b cat "$token")"
  elif [ -n "$user" ]; then line user "$($b cat "$user"):$([ -z "$pass" ] || $b cat "$pass")"
  elif [ -n "$grant" ]; then line header "Authorization: Bearer $grant"
  fi
  if [ -n "$ssec" ]; then
    line header 'x-amz-server-side-encryption-customer-algorithm: AES256'
    line header "x-amz-server-side-encryption-customer-key: $($b base64 < "$ssec" | $b tr -d '\\n')"
    line header "x-amz-server-side-encryption-customer-key-MD5: $($b md5sum < "$ssec" | bytes | $b base64)"
  fi
  printf '%s\\n' "$headers" | while IFS= read -r h; do [ -z "$h" ] || line header "$h"; done
}
# request ARGUMENTS...: one call of curl; its answer in $body, its status in $status, curl's own code in $code.
request() {
  rm -f $body
  status=$(config | curl -K - -sS -o $body -w '%{http_code}' --connect-timeout 15 --speed-limit 1 --speed-time 120 "$@" 2> $t/said)
  code=$?
}
# The text of an element in the answer of a store.
word() { [ ! -f $body ] || $b head -c 65536 $body | $b tr '\\n<' ' \\n' | $b sed -n "s/^$1>//p" | $b head -n 1 | $b sed -e 's/&lt;/</g' -e 's/&gt;/>/g' -e 's/&quot;/"/g' -e "s/&apos;/'/g" -e 's/&amp;/\\&/g'; }
# Why the last request failed: $reason in words, $fault as the store calls it, $hint what to do.
explain() {
  fault=; hint=
  if [ "$code" != 0 ]; then
    # What follows the first line is advice for people at a terminal.
    reason=$($b sed -n 's/^curl: ([0-9]*) //p' $t/said | $b head -n 1); [ -n "$reason" ] || reason=$($b tail -n 1 $t/said)
    case $code in
      6) hint='check the name of the server, and that the Pod may reach it' ;;
      7|28) hint='check that the server runs, and that no network policy stands between' ;;
      35|60) hint='check the certificate of the server, its authority (caSecret), and whether it speaks TLS at all (insecure)' ;;
    esac
    return
  fi
  fault=$(word Code); more=$(word Message)
  reason=\${fault:-status $status}\${more:+: $more}
  case $fault in
    NoSuchBucket) hint='create the bucket, correct its name, or set createBucketIfNotPresent' ;;
    InvalidAccessKeyId|SignatureDoesNotMatch|AuthenticationFailed) hint="check the keys in the Secret \${secrets:-of the artifact}" ;;
    ExpiredToken|TokenRefreshRequired) hint="renew the session token in the Secret \${secrets:-of the artifact}" ;;
    AccessDenied|AuthorizationFailure) hint="the keys in the Secret \${secrets:-of the artifact} lack the right to it" ;;
    EntityTooLarge|RequestBodyTooLarge) hint='split it, or save it as several artifacts' ;;
    *) case $status in 401|403) hint="check the credentials\${secrets:+ in the Secret $secrets}" ;; esac ;;
  esac
  case $kind$ak/$fault/$status in s3/AccessDenied/*|s3//403) hint='it was asked without keys: name their Secrets, accessKeySecret and secretKeySecret' ;; esac
}
mayhelp() {
  case $code/$status in
    0/408|0/425|0/429|0/5??|5/*|7/*|16/*|18/*|28/*|35/*|52/*|55/*|56/*|92/*) most=10 ;;
    6/*) most=5 ;;
    *) return 1 ;;
  esac
  tries=$((tries + 1))
  [ $tries -lt $most ] || return 1
  explain
  echo "artifact $name: $reason; trying again in $pause s" >&2
  $b sleep $pause
  pause=$((pause * 2)); [ $pause -le 30 ] || pause=30
}
# attempt ARGUMENTS...: a request, made again while that may help; succeeds with a status of 2xx.
attempt() {
  tries=0; pause=1
  while :; do
    request "$@"
    case $code/$status in 0/2??) return 0 ;; esac
    if [ -n "$ak" ]; then
      learned=$(word Region)
      if [ -n "$learned" ] && [ "$learned" != "$region" ]; then region=$learned; continue; fi
    fi
    mayhelp || return 1
  done
}
# many FOLDER ARGUMENTS...: the transfers that $t/transfers configures, some at a time, of files of the folder.
many() {
  folder=$1; shift
  rm -f $t/part.*
  $b awk -v part=$t/part. '{ file = part int((NR - 1) / 200); if (file != last) close(last); last = file; print > file }' $t/transfers || return 1
  for part in $t/part.*; do
    [ -e "$part" ] || continue
    tries=0; pause=1
    while :; do
      code=0; status=
      ( cd "$folder" && { config; echo create-dirs; echo parallel; $b cat "$part"; } | curl -K - -sS --fail-with-body -w '\\n%{http_code}\\n' --parallel-max 8 --connect-timeout 15 --speed-limit 1 --speed-time 120 "$@" ) > $body 2> $t/said || code=$?
      [ $code != 0 ] || break
      if [ $code = 22 ]; then code=0; status=$($b grep -E '^[0-9][0-9][0-9]$' $body | $b grep -v '^2' | $b tail -n 1); fi
      mayhelp || return 1
    done
  done
}
hex() { $b od -An -v -tx1; }
# The bytes of a line of hexadecimal digits; what follows the digits is ignored.
bytes() {
  rest=$($b sed 's/ .*//'); o=
  while [ -n "$rest" ]; do two=\${rest%"\${rest#??}"}; rest=\${rest#??}; v=$((0x$two)); o="$o\\\\0$((v / 64))$((v / 8 % 8))$((v % 8))"; done
  printf '%b' "$o"
}
# names SKIP: bytes as hexadecimal numbers, names ended by 00, become lines "NAME-IN-A-URL NAME-FOR-PRINTF-%b" without their first SKIP bytes.
names() {
  $b awk -v skip="$1" 'BEGIN {
    hex = "0123456789abcdef"
    for (i = 0; i < 256; i++) {
      h = substr(hex, int(i / 16) + 1, 1) substr(hex, i % 16 + 1, 1)
      c = i > 32 && i < 127 ? sprintf("%c", i) : ""
      url[h] = c ~ "^[-A-Za-z0-9._~/]$" ? c : "%" toupper(h)
      raw[h] = sprintf("\\\\0%03o", i)
    }
    raw["0a"] = "\\\\\\\\n"; raw["0d"] = "\\\\\\\\r"; raw["22"] = "\\\\\\\\\\\\0042"; raw["5c"] = "\\\\\\\\\\\\\\\\"
  }
  { for (f = 1; f <= NF; f++) if ($f == "00") { if (u != "") print u " " p; u = ""; p = ""; n = 0 } else if (++n > skip) { u = u url[$f]; p = p raw[$f] } }'
}
# list_objects: the names below the key, as lines of $t/pairs. 2: there are none.
list_objects() {
  prefix=\${key%/}/; prefix=\${prefix#/}; next=; : > $t/keys
  skip=$(printf '%s' "$prefix" | $b sed 's/%../x/g'); skip=\${#skip}
  while :; do
    attempt "$base?\${next:+continuation-token=$next&}encoding-type=url&list-type=2&prefix=$(printf '%s' "$prefix" | $b sed 's#/#%2F#g')" || return 1
    # A store that does not encode names may have line breaks in them.
    $b tr '\\n<' '\\001\\n' < $body > $t/page
    $b sed -n 's/^Key>//p' $t/page > $t/listed
    if $b grep -q '^EncodingType>url' $t/page; then $b awk 'BEGIN { for (i = 32; i < 127; i++) h[sprintf("%c", i)] = sprintf("%02x", i); h["+"] = "20" }
      { o = ""; for (i = 1; i <= length($0); i++) { c = substr($0, i, 1); if (c == "%") { o = o " " tolower(substr($0, i + 1, 2)); i += 2 } else o = o " " h[c] } print o " 00" }' $t/listed
    else $b sed -e 's/&lt;/</g' -e 's/&gt;/>/g' -e 's/&quot;/"/g' -e "s/&apos;/'/g" -e 's/&#\\(xA\\|10\\);/'"$($b printf '\\001')"'/g' -e 's/&amp;/\\&/g' $t/listed | $b tr '\\n\\001' '\\000\\n' | hex
    fi >> $t/keys
    $b grep -q '^IsTruncated>true' $t/page || break
    next=$($b sed -n 's/^NextContinuationToken>//p' $t/page | $b tr -d '\\n' | hex | { $b cat; echo 00; } | names 0 | $b cut -d ' ' -f 1 | $b sed 's#/#%2F#g')
  done
  names $skip < $t/keys > $t/pairs
  [ -s $t/pairs ] || return 2
}
# The token of an OAuth 2 client.
oauth_token() {
  [ -n "$oauth_url" ] || return 0
  headers_kept=$headers; headers=; user_kept=$user; user=
  printf '%s\\n' "$oauth_data" > $t/form
  set --
  while IFS= read -r field; do [ -z "$field" ] || set -- "$@" --data-urlencode "$field"; done < $t/form
  attempt --data-urlencode grant_type=client_credentials --data-urlencode "client_id@$oauth_id" --data-urlencode "client_secret@$oauth_secret" "$@" "$($b cat "$oauth_url")"
  result=$?
  headers=$headers_kept; user=$user_kept
  [ $result = 0 ] || return 1
  grant=$($b tr -d '\\n' < $body | $b sed -n 's/.*"access_token" *: *"\\([^"]*\\)".*/\\1/p')
}
# Who may use Google's stores: the service account of the key in $account, or that of the Pod.
google_token() {
  [ "$kind" = gcs ] || return 0
  if [ -z "$account" ]; then
    headers='Metadata-Flavor: Google'; attempt http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token || return 1
  else
    field() { $b tr -d '\\n' < "$account" | $b sed -n "s/.*\\"$1\\" *: *\\"\\([^\\"]*\\)\\".*/\\1/p"; }
    now=$($b date +%s); audience=$(field token_uri); audience=\${audience:-https://oauth2.googleapis.com/token}
    claim=$(printf '{"alg":"RS256","typ":"JWT"}' | base64url).$(printf '{"iss":"%s","scope":"https://www.googleapis.com/auth/devstorage.read_write","aud":"%s","iat":%s,"exp":%s}' "$(field client_email)" "$audience" "$now" $((now + 3600)) | base64url)
    headers=
    attempt --data-urlencode grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer --data-urlencode "assertion=$claim.$(printf '%s' "$claim" | rs256 | base64url)" "$audience" || return 1
  fi
  headers=
  grant=$($b tr -d '\\n' < $body | $b sed -n 's/.*"access_token" *: *"\\([^"]*\\)".*/\\1/p')
}
base64url() { $b base64 | $b tr -d '\\n=' | $b tr '+/' '-_'; }
# hmac FILE: base64 of the HMAC-SHA256 of what comes in, by the key in the file, which is base64 itself.
hmac() {
  rest=$($b base64 -d < "$1" | hex | $b tr -d ' \\n'); inner=; outer=; n=0
  [ \${#rest} -le 128 ] || rest=$($b base64 -d < "$1" | $b sha256sum | $b cut -c 1-64)
  while [ $n -lt 64 ]; do
    two=\${rest%"\${rest#??}"}; rest=\${rest#??}
    v=$((0x\${two:-0} ^ 54)); inner="$inner\\\\0$((v / 64))$((v / 8 % 8))$((v % 8))"
    v=$((0x\${two:-0} ^ 92)); outer="$outer\\\\0$((v / 64))$((v / 8 % 8))$((v % 8))"
    n=$((n + 1))
  done
  { printf '%b' "$outer"; { printf '%b' "$inner"; $b cat; } | $b sha256sum | bytes; } | $b sha256sum | bytes | $b base64
}
# azure_sign VERB LENGTH PATH PARAMETERS: the headers of one request to Azure's blob storage, by its Shared Key scheme.
azure_sign() {
  headers=
  [ -n "$account" ] || { [ "$1" != PUT ] || headers='x-ms-blob-type: BlockBlob'; return 0; }
  when=$(LC_ALL=C $b date -u '+%a, %d %b %Y %H:%M:%S GMT')
  blob=; [ "$1" != PUT ] || blob='x-ms-blob-type:BlockBlob
'
  signature=$(printf '%s\\n\\n\\n%s\\n\\n\\n\\n\\n\\n\\n\\n\\n%sx-ms-date:%s\\nx-ms-version:2021-08-06\\n/%s%s%s' "$1" "$2" "$blob" "$when" "$owner" "$3" "$4" | hmac "$account")
  headers="\${blob}x-ms-date: $when
x-ms-version: 2021-08-06
Authorization: SharedKey $owner:$signature"
}
# azure VERB NAME ARGUMENTS...: a request for one blob of the container.
azure() {
  verb=$1; blob_name=$2; shift 2; size=
  [ "$verb" != PUT ] || size=$($b wc -c < "$upload" | $b tr -d ' ')
  [ "$size" != 0 ] || size=
  azure_sign "$verb" "$size" "$path$blob_name" ''
  attempt "$@" "$base$blob_name"
}
# azure_list: the blobs below the key, as lines of $t/pairs. 2: there are none.
azure_list() {
  prefix=\${key%/}/; prefix=\${prefix#/}; marker=; : > $t/keys
  raw_prefix=$(printf '%b' "$(printf '%s' "$prefix" | $b sed 's/%\\(..\\)/\\\\x\\1/g')"); skip=$(printf '%s' "$raw_prefix" | $b wc -c)
  while :; do
    azure_sign GET '' "\${path%/}" "
comp:list\${marker:+
marker:$marker}
prefix:$raw_prefix
restype:container"
    attempt "\${base%/}?comp=list\${marker:+&marker=$marker}&prefix=$(printf '%s' "$prefix" | $b sed 's#/#%2F#g')&restype=container" || return 1
    $b tr '\\n<' '\\001\\n' < $body > $t/page
    $b sed -n 's/^Name>//p' $t/page | $b sed -e 's/&lt;/</g' -e 's/&gt;/>/g' -e 's/&quot;/"/g' -e "s/&apos;/'/g" -e 's/&amp;/\\&/g' | $b tr '\\n\\001' '\\000\\n' | hex >> $t/keys
    marker=$($b sed -n 's/^NextMarker>//p' $t/page)
    [ -n "$marker" ] || break
  done
  names $skip < $t/keys > $t/pairs
  [ -s $t/pairs ] || return 2
}
# rs256: the signature of what comes in, by the RSA key of the service account in $account: with the arithmetic of dc, since no openssl is here.
rs256() {
  digest=$($b sha256sum | $b cut -c 1-64)
  printf '%b' "$(field private_key)" | $b sed '/-----/d' | $b base64 -d | hex | $b tr -d ' \\n' | $b awk -v digest="$digest" '
    function number(text,  i, n) { n = 0; for (i = 1; i <= length(text); i++) n = n * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1; return n }
    function size(  l, k, n) { l = number(substr(s, at, 2)); at += 2; if (l < 128) return l; k = l - 128; n = number(substr(s, at, 2 * k)); at += 2 * k; return n }
    function into() { at += 2; size() }
    function over(  l) { at += 2; l = size(); at += 2 * l }
    function value(  l, v) { at += 2; l = size(); v = substr(s, at, 2 * l); at += 2 * l; return toupper(v) }
    { s = s $0 }
    END {
      at = 1; into(); over(); over(); into(); into(); over()
      n = value(); sub(/^00/, "", n); over(); over(); p = value(); q = value(); dp = value(); dq = value(); qi = value()
      m = "003031300d060960864801650304020105000420" digest
      while (length(m) < length(n) - 4) m = "ff" m
      m = toupper("0001" m)
      print "16o16i " m " sm " p " sp " q " sq lm lp % " dp " lp | s1 lm lq % " dq " lq | s2 l1 l2 lp % - lp + lp % " qi " * lp % lq * l2 + p"
      print length(n) > "/dev/stderr"
    }' 2> $t/length | $b dc | $b tr -d '\\\\\\n' | $b tr 'A-F' 'a-f' | { read -r h || :; l=$($b cat $t/length); while [ \${#h} -lt $l ]; do h=0$h; done; printf '%s' "$h"; } | bytes
}
`;

/** Reads artifacts, `load` for each after the variables of its place. Ends with 64 and the reason at the first that fails. */
export const LOAD = `d=${SHARED_DIR}; b=$d/busybox; in=${INPUTS_DIR}
${COMMON}
body=$in/.body
fail() { echo "$1" >&2; printf '%s' "$1" > /dev/termination-log; exit 64; }
# Each gets into $got, a file or a folder. 2: there is nothing; 3: $reason says why not.
get_raw() {
  i=0; : > "$got"
  while [ $i -lt "$parts" ]; do eval "printf '%s' \\"\\$TIPHYS_RAW_\${raw}_$i\\"" >> "$got"; i=$((i + 1)); done
}
get_folder() { [ -e "$base$key" ] || return 2; $b cp -R "$base$key" "$got"; }
get_http() {
  oauth_token || return 1
  attempt -L "$base" && { $b mv $body "$got"; return; }
  [ "$code/$status" = 0/404 ] && return 2
  return 1
}
# Host keys of the large public servers, by which a connection over ssh is known to lead there. Each was compared with the
# fingerprint that its owner publishes (artifact-scripts.test.ts has these).
known_hosts() {
  echo 'github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl'
  echo 'gitlab.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAfuCHKVTjquxvt6CM6tdG4SLp1Btn/nOeHHE5UOzRdf'
  echo 'bitbucket.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIazEu89wgQZ4bqs3d63QSMzYVa0MuJ2e2gKTKqu+UUO'
}
get_git() {
  HOME=$t; GIT_TERMINAL_PROMPT=0; export HOME GIT_TERMINAL_PROMPT
  if [ -n "$user$pass" ]; then
    printf '#!/bin/sh\\ncase $1 in Username*) cat "%s" ;; *) cat "%s" ;; esac\\n' "\${user:-/dev/null}" "\${pass:-/dev/null}" > $t/ask
    $b chmod 700 $t/ask; GIT_ASKPASS=$t/ask; export GIT_ASKPASS
  fi
  if [ -n "$sshkey" ]; then
    ( umask 77; $b cat "$sshkey" > $t/sshkey; echo >> $t/sshkey ); known_hosts > $t/known
    [ ! -f "$trust/known_hosts" ] || { $b cat "$trust/known_hosts"; echo; } >> $t/known
    GIT_SSH_COMMAND="ssh -i $t/sshkey -o IdentitiesOnly=yes -o BatchMode=yes -o UserKnownHostsFile=$t/known -o StrictHostKeyChecking=$([ -n "$anyhost" ] && echo no || echo yes)"; export GIT_SSH_COMMAND
  fi
  if [ -f "$trust/ca.crt" ]; then
    # The image's own authorities stay: submodules may be elsewhere.
    { $b cat /etc/ssl/certs/ca-certificates.crt 2> /dev/null; $b cat "$trust/ca.crt"; } > $t/authorities; GIT_SSL_CAINFO=$t/authorities; export GIT_SSL_CAINFO
  fi
  [ -z "$insecure" ] || { GIT_SSL_NO_VERIFY=true; export GIT_SSL_NO_VERIFY; }
  pause=1
  until cloned; do
    reason=$($b grep -v -E "^(Cloning into|warning:|fatal: Could not read from remote|Please make sure you have|and the repository exists)|^ *$" $t/said | $b tail -n 3 | $b tr -d '\\r' | $b tr '\\n' ' ')
    hint=$(git_hint)
    [ -z "$hint" ] && [ $pause -lt 8 ] || { reason="$where: \${reason:-git failed }$hint"; reason=\${reason% }; return 3; }
    echo "artifact $name: $($b tail -n 1 $t/said); trying again in $pause s" >&2
    $b sleep $pause; pause=$((pause * 2))
  done
}
git_hint() {
  case $reason in
    *'Host key verification failed'*) echo "(add the server's line of known_hosts to the Secret \${secrets:-of the key} under the key known_hosts, or set insecureIgnoreHostKey)" ;;
    *certificate*) echo "(add the authority of the server's certificate to the Secret \${secrets:-of the password} under the key ca.crt, or set insecureSkipTLS)" ;;
    *'No user exists for uid'*) echo '(ssh needs a user that the image of git knows: let the Pod run as user 65534, or as root)' ;;
  esac
}
cloned() {
  rm -rf "$got"
  git clone -q \${depth:+--depth "$depth"} \${single:+--single-branch} \${branch:+--branch "$branch"} -- "$base" "$got" 2> $t/said || return 1
  printf '%s\\n' "$refs" | while IFS= read -r ref; do [ -z "$ref" ] || git -C "$got" fetch -q \${depth:+--depth "$depth"} origin "$ref" 2> $t/said || exit 1; done || return 1
  if [ -n "$revision" ] && ! git -C "$got" checkout -q "$revision" 2> $t/said; then
    git -C "$got" fetch -q \${depth:+--depth "$depth"} origin "$revision" 2> $t/said && git -C "$got" checkout -q FETCH_HEAD 2> $t/said || return 1
  fi
  [ -n "$flat" ] || git -C "$got" submodule -q update --init --recursive \${depth:+--depth "$depth"} 2> $t/said
}
# files_only: leaves folders' own entries out of $t/pairs. 3: a key leads out of its folder.
files_only() {
  while read -r coded escaped; do
    case /$coded/ in
      */../*|*/./*) reason="the key $coded leads out of its folder"; return 3 ;;
      *//) ;;
      *) printf '%s %s\\n' "$coded" "$escaped" ;;
    esac
  done < $t/pairs > $t/files && $b mv $t/files $t/pairs
}
get_azure() {
  azure GET "$key" && { $b mv $body "$got"; return; }
  explain
  case $code/$status/$fault in 0/404/ContainerNotFound) return 1 ;; 0/404/*) ;; *) return 1 ;; esac
  azure_list && files_only || return
  $b mkdir -p "$got"
  while read -r coded escaped; do
    azure GET "$prefix$coded" < /dev/null || return 1
    file=$(printf '%b' "$escaped" | $b sed -e 's/\\\\n/\\n/g' -e 's/\\\\\\(.\\)/\\1/g'; echo x); file=\${file%x}
    $b mkdir -p "$($b dirname "$got/$file")" && $b mv $body "$got/$file" || return 1
  done < $t/pairs
}
get_s3() { get_object; }
get_gcs() { google_token && get_object; }
get_object() {
  attempt "$base$key" && { $b mv $body "$got"; return; }
  explain
  case $code/$status/$fault in 0/404/NoSuchBucket) return 1 ;; 0/404/*) get_objects ;; *) return 1 ;; esac
}
get_objects() {
  list_objects && files_only || return
  $b mkdir -p "$got"
  while read -r coded escaped; do
    printf 'url = "%s"\\noutput = "%b"\\n' "$base$prefix$coded" "$escaped"
  done < $t/pairs > $t/transfers || return 3
  many "$got"
}
starts() { [ "$($b head -c "$2" "$1" | hex | $b tr -d ' \\n')" = "$3" ]; }
is_tar() { $b gzip -dc "$1" 2> /dev/null | $b head -c 262 | $b tail -c 5 | $b grep -q '^ustar'; }
unpack() {
  [ -f "$got" ] || return 0
  how=$archive
  if [ "$how" = auto ]; then
    if starts "$got" 2 1f8b && is_tar "$got"; then how=tar; elif starts "$got" 4 504b0304; then how=zip; else how=none; fi
  fi
  [ "$how" != none ] || return 0
  x=$in/.unpacked; rm -rf $x; $b mkdir $x
  if [ "$how" = zip ]; then $b unzip -qo "$got" -d $x > $t/said 2>&1
  elif starts "$got" 2 1f8b; then $b tar -xzof "$got" -C $x 2> $t/said
  else $b tar -xof "$got" -C $x 2> $t/said
  fi || fail "failed to unpack the input artifact $name: $($b tail -n 1 $t/said)"
  rm -rf "$got"
  count=0
  for f in $x/* $x/.[!.]* $x/..?*; do if [ -e "$f" ] || [ -L "$f" ]; then count=$((count + 1)); only=$f; fi; done
  if [ $count = 1 ]; then $b mv "$only" "$got"; rm -rf $x; else $b mv $x "$got"; fi
}
place() {
  $b mkdir -p "\${dest%/*}" || fail "failed to place the input artifact $name: no folder can be made for $shown"
  if [ -d "$got" ] && [ -d "$dest" ]; then $b cp -R "$got/." "$dest" && rm -rf "$got"
  elif [ -d "$dest" ]; then fail "failed to place the input artifact $name: it is a file, and at $shown there is a folder"
  else $b mv "$got" "$dest"
  fi || fail "failed to place the input artifact $name at $shown"
  [ -z "$mode" ] || $b chmod $recurse "$mode" "$dest" || fail "failed to set the mode of the input artifact $name"
}
load() {
  got=$in/.loading; rm -rf "$got"; code=0; status=; : > $t/said
  "get_$kind"
  case $? in
    0) ;;
    2) if [ -n "$optional" ]; then echo "the optional input artifact $name is not there"; reset_place; return; fi
       fail "failed to load the input artifact $name: there is nothing at $where" ;;
    3) fail "failed to load the input artifact $name: $reason" ;;
    *) explain; fail "failed to load the input artifact $name from $where: $reason\${hint:+ ($hint)}" ;;
  esac
  unpack
  place
  reset_place
}
reset_place
eval "$TIPHYS_LOAD"
rm -rf $t $in/.unpacked $in/.loading $body
`;

/** Writes artifacts, `save N` for each after the variables of its place: $saved names those that are, $faults says why others are not. */
export const SAVE = `${COMMON}
saved=; faults=
put_folder() { $b mkdir -p "$($b dirname "$base$key")" && rm -rf "$base$key" && $b cp -R "$1" "$base$key" && { [ -d "$base$key" ] || $b chmod a+r "$base$key"; }; }
put_http() { oauth_token && put_one "$1"; }
put_s3() { put_all "$1"; }
put_gcs() { google_token && put_all "$1"; }
put_azure() {
  if [ ! -d "$1" ]; then upload=$1; azure PUT "$key" -T "$1"; return; fi
  from=$1
  ( cd "$from" && $b find . -type f -print0 ) | hex | names 2 > $t/pairs
  while read -r coded escaped; do
    upload=$from/$(printf '%b' "$escaped" | $b sed -e 's/\\\\n/\\n/g' -e 's/\\\\\\(.\\)/\\1/g'; echo x); upload=\${upload%x}
    azure PUT "\${key%/}/$coded" -T "$upload" < /dev/null || return 1
  done < $t/pairs
}
put_all() { if [ -d "$1" ]; then put_files "$1"; else put_one "$1"; fi; }
put_one() {
  if [ "$kind" = s3 ] && [ "$($b wc -c < "$1")" -gt 5368709120 ]; then reason='it is larger than the 5 GiB that S3 takes in one piece'; hint='split it, or save it as several artifacts'; return 3; fi
  attempt -T "$1" "$base$key" && return
  made_bucket && attempt -T "$1" "$base$key"
}
made_bucket() {
  explain
  [ "$fault" = NoSuchBucket ] && [ -n "$create" ] || return 1
  kept=$headers; headers=; [ "$create" != locking ] || headers='x-amz-bucket-object-lock-enabled: true'
  set --
  [ "$region" = us-east-1 ] || set -- --data "<CreateBucketConfiguration xmlns=\\"http://s3.amazonaws.com/doc/2006-03-01/\\"><LocationConstraint>$region</LocationConstraint></CreateBucketConfiguration>"
  attempt -X PUT "$@" "\${base%/}"; result=$?
  headers=$kept
  [ $result = 0 ] || { explain; [ "$fault" = BucketAlreadyOwnedByYou ]; }
}
put_files() {
  ( cd "$1" && $b find . -type f -print0 ) | hex | names 2 > $t/pairs
  while read -r coded escaped; do printf 'upload-file = "%b"\\nurl = "%s"\\n' "$escaped" "$base\${key%/}/$coded"; done < $t/pairs > $t/transfers
  many "$1" && return
  made_bucket && many "$1"
}
fault_of() { faults="$faults\${faults:+; }$1"; echo "$1" >&2; }
# save INDEX: what main left of the artifact, if it did.
save() {
  left=; code=0; status=; : > $t/said
  for f in "$d/artifacts/$1.tgz" "$d/artifacts/$1.zip" "$d/artifacts/$1.file" "$d/artifacts/$1.dir" \${2:+"$2"}; do
    if [ -e "$f" ] && [ ! -L "$f" ]; then left=$f; fi
  done
  if [ -e "$d/artifacts/$1.error" ]; then fault_of "failed to pack the output artifact $name: $($b tail -n 1 "$d/artifacts/$1.error")"
  elif [ -n "$left" ]; then
    "put_$kind" "$left"; result=$?
    if [ $result = 0 ]; then saved="$saved\${saved:+,}$1"
    else [ $result = 3 ] || explain; fault_of "failed to save the output artifact $name to $where: $reason\${hint:+ ($hint)}"; fi
  fi
  reset_place
}
reset_place
eval "$TIPHYS_SAVE"
rm -rf $t
`;

/** Deletes artifacts, `drop N` for each after the variables of its place; says in its termination message which could not be. */
export const DROP = `b=$(command -v busybox || :)
${COMMON}
failed=; faults=
drop_folder() { rm -rf "$base$key"; }
drop_http() { reason='a store that is only HTTP deletes nothing'; return 3; }
drop_s3() { drop_object; }
drop_gcs() { google_token && drop_object; }
drop_azure() {
  azure DELETE "$key" -X DELETE || { explain; [ "$code/$status" = 0/404 ] && [ "$fault" != ContainerNotFound ]; } || return 1
  [ "$archive" = none ] || return 0
  azure_list; case $? in 0) ;; 2) return 0 ;; *) return 1 ;; esac
  while read -r coded escaped; do azure DELETE "$prefix$coded" -X DELETE < /dev/null || return 1; done < $t/pairs
}
drop_object() {
  attempt -X DELETE "$base$key" || { explain; [ "$code/$status" = 0/404 ] && [ "$fault" != NoSuchBucket ]; } || return 1
  [ "$archive" = none ] || return 0
  list_objects; case $? in 0) ;; 2) return 0 ;; *) return 1 ;; esac
  while read -r coded escaped; do printf 'url = "%s"\\n' "$base$prefix$coded"; done < $t/pairs > $t/transfers
  many $t -X DELETE
}
# drop INDEX: deletes an artifact; one that is not there is deleted already.
drop() {
  code=0; status=; : > $t/said
  "drop_$kind"; result=$?
  if [ $result != 0 ]; then
    [ $result = 3 ] || explain
    failed="$failed\${failed:+,}$1"; echo "failed to delete the artifact $name at $where: $reason\${hint:+ ($hint)}" >&2
    [ -n "$faults" ] || faults="$where: $reason\${hint:+ ($hint)}"
  fi
  reset_place
}
reset_place
eval "$TIPHYS_DROP"
rm -rf $t
printf '{"failed":"%s","faults":"%s"}' "$failed" "$(printf '%s' "$faults" | $b head -c 1500 | $b base64 | $b tr -d '\\n')" > /dev/termination-log
[ -z "$failed" ]
`;
