#!/bin/sh
# The health check of a container that is not ours: `health.sh [-s] COMMAND…` runs the command, and ends everything in the
# container when a service that was well fails it three times in a row. Docker itself only notes that a container is
# unhealthy; one that ended it starts again. Written for the plainest shell, as the images have it.
#
# With -s only silence counts, and no answer that is a bad one: a LiveKit that has lost its Redis says so, and still carries
# everybody's media; a Postgres that recovers needs its time.
#
# The container needs an init (`init: true`), for nothing inside it can kill its first process.

# In memory, and so forgotten when the container starts anew. A service that has not been well yet is still starting.
well=/dev/shm/was-well

silence_only=false
if [ "$1" = -s ]; then
    silence_only=true
    shift
fi
silent=true

try() {
    status=0
    timeout 5 "$@" >/dev/null 2>&1 || status=$?
    case $status in
        0) return 0 ;;
        # How timeout says that it ended the command, coreutils' and busybox's.
        124 | 137 | 143) ;;
        *) silent=false ;;
    esac
    return 1
}

if try "$@"; then
    : >"$well"
    exit 0
fi
[ -e "$well" ] || exit 1
for _ in 2 3; do
    sleep 2
    if try "$@"; then exit 0; fi
done
if $silence_only && ! $silent; then exit 1; fi

# The first process's output is the container's log.
echo "health check failed three times ($*); ending the container, to be started again" >/proc/1/fd/1
# The first process has to notice that its child has ended, even when somebody has stopped it too.
kill -CONT 1
kill -KILL -1
exit 1
