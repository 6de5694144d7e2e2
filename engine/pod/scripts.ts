/**
 * The shell side of the in-Pod protocol, run by the static busybox that `init` puts at /var/run/tiphys/busybox. They are
 * text of the program, not assets, so that a bundle, a test and the packaged app have the same ones without reading a file.
 *
 *   busybox            every container's shell and tools; needs nothing of the image
 *   run                wraps a container's command (RUN)
 *   tries              how often a command runs until it ends well, and the seconds between: of a container set
 *   params             the output parameters' paths, one a line
 *   ctr/NAME/alive     a pipe that the container's wrapper holds open while it lives: its readers see the end however it
 *                      comes, an OOM kill of the whole container included
 *   ctr/NAME/started   the wrapper has begun
 *   ctr/NAME/exitcode  how the command ended
 *   ctr/NAME/stdout    what it printed, when a result is wanted
 *   outputs/N          the N-th output parameter's file
 *   artifacts/N.path   where the N-th output artifact is, and N.how it is packed; beside them what main left (COLLECT)
 *   progress           how far the step is, as it says itself: `N/M` in the last line
 *   logs               standard output and errors are kept, too, in ctr/NAME/combined
 */
import { SHARED_DIR } from './shared.ts';

/** Where Argo puts a script; the source may rely on it through $0. */
export const STAGING_DIR = '/argo/staging';
/** Lines around a report that is too large for a termination message. */
export const REPORT_BEGIN = '=== tiphys report ===';
export const REPORT_END = '=== end of report ===';
/** Longest part of standard output that becomes outputs.result. Argo: 256 kB. */
const RESULT_BYTES = 256 * 1024;
/** Kubernetes keeps 4096 bytes of a termination message. */
const MESSAGE_BYTES = 4000;

/** Exit code of `init` when its image's busybox is not static. */
export const DYNAMIC_BUSYBOX = 65;

/**
 * Stages the tools. Where the image has no busybox program (a host's shell), its own tools stand in. A program that names
 * a loader (its first page says so) runs only where that loader is: TIPHYS_HOST says that all share one machine's files.
 */
export const INIT = `set -eu
d=${SHARED_DIR}
for b in /bin/busybox /usr/bin/busybox /sbin/busybox; do [ -f $b ] && cp $b $d/busybox && break; done
if [ -z "\${TIPHYS_HOST:-}" ] && [ -f $d/busybox ] && head -c 4096 $d/busybox | tr '\\000' '\\n' | grep -q '^/[^ ]*/ld[-.]'; then
  echo 'the busybox of the helper image needs the libraries of its own image and cannot serve in others: use a static one, such as docker.io/library/busybox:1.36-musl (setting executor.busybox)' > $d/fault
  cat $d/fault >&2
  cat $d/fault > /dev/termination-log || :
  exit ${DYNAMIC_BUSYBOX}
fi
[ -f $d/busybox ] || printf '#!/bin/sh\\nexec "$@"\\n' > $d/busybox
chmod 755 $d/busybox
printf '%s' "$TIPHYS_RUN" > $d/run
printf '%s' "\${TIPHYS_PARAMS:-}" > $d/params
[ -z "\${TIPHYS_TRIES:-}" ] || printf '%s\n' "$TIPHYS_TRIES" > $d/tries
mkdir -p -m 777 $d/ctr $d/outputs $d/staging $d/artifacts
if [ -n "\${TIPHYS_COLLECT:-}" ]; then
  printf '%s' "$TIPHYS_COLLECT" > $d/collect
  printf '%s' "\${TIPHYS_ZIP:-}" > $d/zip
  i=0
  while [ $i -lt "$TIPHYS_ARTIFACTS" ]; do
    eval "printf '%s' \\"\\$TIPHYS_PATH_$i\\"" > $d/artifacts/$i.path
    eval "printf '%s\\n' \\"\\$TIPHYS_HOW_$i\\"" > $d/artifacts/$i.how
    i=$((i + 1))
  done
fi
[ -z "\${TIPHYS_LOGS:-}" ] || : > $d/logs
for name in $TIPHYS_CONTAINERS; do mkdir -p -m 777 "$d/ctr/$name"; mkfifo -m 666 "$d/ctr/$name/alive"; done
if [ -n "\${TIPHYS_SOURCE_PARTS:-}" ]; then
  i=0
  : > $d/staging/script
  while [ $i -lt "$TIPHYS_SOURCE_PARTS" ]; do eval "printf '%s' \\"\\$TIPHYS_SOURCE_$i\\"" >> $d/staging/script; i=$((i + 1)); done
  chmod 755 $d/staging/script
fi
`;

/**
 * run NAME MODE AFTER WAITED -- COMMAND ARGUMENTS…
 * MODE: main (collects outputs), result (keeps standard output too), side (ended when `main` ends), hold (a native sidecar:
 * stays when its command has ended, so that the kubelet does not start it again). AFTER: containers to wait for, by commas.
 * WAITED 1: a `wait` container reads the pipe; begin only when it does, so that it cannot miss the end.
 */
export const RUN = `d=${SHARED_DIR}; b=$d/busybox; name=$1; mode=$2; after=$3; waited=$4; shift 5
c=$d/ctr/$name
umask_before=$(umask)
if [ "$waited" = 1 ]; then exec 9> "$c/alive"; else exec 9<> "$c/alive"; fi
: > "$c/started"
finish() { umask 0; printf '%s' "$1" > "$c/exitcode.new"; $b mv "$c/exitcode.new" "$c/exitcode"; exit "$1"; }
IFS=,
for dep in $after; do
  until [ -e "$d/ctr/$dep/exitcode" ]; do $b sleep 0.2; done
  [ "$($b cat "$d/ctr/$dep/exitcode")" = 0 ] || finish 64
done
program=$1; shift
case $program in
  */*) ;;
  *) found=
     IFS=:
     for dir in $PATH; do
       if [ -f "$dir/$program" ] && [ -x "$dir/$program" ]; then found=$dir/$program; break; fi
     done
     if [ -z "$found" ]; then echo "failed to find name in PATH: exec: \\"$program\\": executable file not found in \\$PATH" >&2; finish 64; fi
     program=$found ;;
esac
unset IFS
umask "$umask_before"
pid=
for signal in HUP INT QUIT USR1 USR2 WINCH TERM; do trap "[ -n \\"\\$pid\\" ] && kill -$signal \\$pid 2>/dev/null; ended=$signal" $signal; done
tries=1; pause=0; ended=
[ ! -e $d/tries ] || read -r tries pause < $d/tries
kept=; [ "$mode" != result ] || kept=$c/stdout
logged=; case $mode in main|result) [ ! -e $d/logs ] || logged=$c/combined ;; esac
begin() {
tees=; $b rm -f "$c/pipe" "$c/errors"
[ -z "$kept" ] || : > "$kept"
if [ -n "$logged" ] && [ -z "$kept" ]; then
  $b mkfifo "$c/pipe"
  $b tee -a "$logged" < "$c/pipe" 9>&- &
  tees=$!
  ( exec "$program" "$@" ) <&0 > "$c/pipe" 2>&1 9>&- &
elif [ -n "$logged" ]; then
  $b mkfifo "$c/pipe" "$c/errors"
  $b tee -a "$logged" "$kept" < "$c/pipe" 9>&- &
  tees=$!
  $b tee -a "$logged" < "$c/errors" >&2 9>&- &
  tees="$tees $!"
  ( exec "$program" "$@" ) <&0 > "$c/pipe" 2> "$c/errors" 9>&- &
elif [ -n "$kept" ]; then
  $b mkfifo "$c/pipe"
  $b tee "$kept" < "$c/pipe" 9>&- &
  tees=$!
  ( exec "$program" "$@" ) <&0 > "$c/pipe" 9>&- &
else
  ( exec "$program" "$@" ) <&0 9>&- &
fi
pid=$!
}
end() {
wait $pid; code=$?
while kill -0 $pid 2>/dev/null; do wait $pid; code=$?; done
for tee in $tees; do while kill -0 $tee 2>/dev/null; do wait $tee; done; done
}
begin "$@"
if [ "$mode" = side ]; then
  ( until [ -e "$d/ctr/main/started" ]; do $b sleep 0.2; done
    [ -e "$d/ctr/main/exitcode" ] || $b cat "$d/ctr/main/alive" > /dev/null
    kill -TERM $pid 2>/dev/null && $b sleep 10 && kill -KILL $pid 2>/dev/null ) 9>&- &
fi
end
if [ "$mode" = main ] || [ "$mode" = result ]; then
  while [ $code != 0 ] && [ -z "$ended" ] && [ $tries -gt 1 ]; do
    tries=$((tries - 1))
    $b sleep $pause & wait $!
    [ -n "$ended" ] || { begin "$@"; end; }
  done
fi
umask 0
if [ "$mode" = main ] || [ "$mode" = result ]; then
  i=0
  while IFS= read -r path || [ -n "$path" ]; do
    if [ -f "$path" ]; then $b cat "$path" > "$d/outputs/$i.new" && $b mv "$d/outputs/$i.new" "$d/outputs/$i"; fi
    i=$((i + 1))
  done < $d/params
  [ "$name" != main ] || [ ! -e $d/collect ] || . $d/collect
fi
pid=
if [ "$mode" = hold ]; then while [ -z "$ended" ]; do $b sleep 0.3 & wait $!; done; fi
finish $code
`;

/**
 * Waits for the containers named in TIPHYS_MAIN, saves artifacts, then reports what `main` left: a JSON object with values in
 * base64. The tools are the image's own: what stands in the shared folder may be main's by now, and here are credentials.
 */
export const WAIT = `d=${SHARED_DIR}; b=$(command -v busybox || :)
progress() { $b tail -n 1 $d/progress 2>/dev/null | $b tr -cd '0-9/' | $b head -c 32; }
watcher=
if [ -n "\${TIPHYS_PROGRESS:-}" ]; then
  ( told=; while :; do
      now=$(progress)
      [ "$now" = "$told" ] || echo "progress $now"
      told=$now
      $b sleep 3
    done ) &
  watcher=$!
fi
readers=
for name in $TIPHYS_MAIN; do
  ( $b cat "$d/ctr/$name/alive" > /dev/null; [ -e "$d/ctr/$name/exitcode" ] || printf 137 > "$d/ctr/$name/exitcode" ) &
  readers="$readers $!"
done
wait $readers
[ -z "$watcher" ] || kill $watcher
[ -z "\${TIPHYS_SAVE:-}" ] || eval "$TIPHYS_SAVER"
r=/tmp/report; [ -w /tmp ] || r=$d/report
{
  printf '{"exitCode":"%s"' "$($b cat $d/ctr/main/exitcode 2>/dev/null)"
  if [ -e $d/ctr/main/stdout ]; then printf ',"result":"'; $b tail -c ${RESULT_BYTES} $d/ctr/main/stdout | $b base64 | $b tr -d '\\n'; printf '"'; fi
  printf ',"saved":"%s","faults":"%s"' "\${saved:-}" "$(printf '%s' "\${faults:-}" | $b base64 | $b tr -d '\\n')"
  [ -z "$watcher" ] || printf ',"progress":"%s"' "$(progress)"
  printf ',"parameters":{'
  first=1
  for f in $d/outputs/*; do
    [ -f "$f" ] || continue
    [ $first = 1 ] || printf ','
    first=0
    printf '"%s":"' "\${f##*/}"; $b base64 "$f" | $b tr -d '\\n'; printf '"'
  done
  printf '}}'
} > $r
if [ "$($b wc -c < $r)" -le ${MESSAGE_BYTES} ]; then
  $b cat $r > /dev/termination-log
else
  echo '${REPORT_BEGIN}'; $b fold -w 8000 $r; echo; echo '${REPORT_END}'
  printf '{"log":true}' > /dev/termination-log
fi
`;
