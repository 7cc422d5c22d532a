#!/bin/sh
# The health check of a container that is not ours: `health.sh COMMAND…` runs the command, and ends everything in the
# container when a service that was well fails it three times in a row. Docker itself only notes that a container is
# unhealthy; one that ended it starts again. Written for the plainest shell, as the images have it.
#
# The container needs an init (`init: true`), for nothing inside it can kill its first process.

# In memory, and so forgotten when the container starts anew. A service that has not been well yet is still starting.
well=/dev/shm/was-well

try() {
    timeout 5 "$@" >/dev/null 2>&1
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

# The first process's output is the container's log.
echo "health check failed three times ($*); ending the container, to be started again" >/proc/1/fd/1
# The first process has to notice that its child has ended, even when somebody has stopped it too.
kill -CONT 1
kill -KILL -1
exit 1
