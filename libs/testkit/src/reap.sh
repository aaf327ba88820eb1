# Ends a shared test server after nobody has used it for a minute.
# Tests run as many short processes: the server must outlive each of them, and still not stay for ever.
# Every user holds a shared lock on $1 for as long as its process lives; the kernel lets go of it whatever happens.
# Arguments: 1 lock file   2 process id of the server   3 signal that stops it   4 folder to remove afterwards
lock=$1 pid=$2 signal=$3 folder=$4
idle=0
while kill -0 "$pid" 2>/dev/null; do
    sleep 2
    if ! flock -n "$lock" true; then
        idle=0
        continue
    fi
    idle=$((idle + 1))
    [ "$idle" -ge 30 ] || continue
    # Under the lock, so that nobody can begin to use it meanwhile; a user who comes now waits and starts a new one.
    flock -n "$lock" sh -c '
        kill -s "$2" "$1"
        while kill -0 "$1" 2>/dev/null; do sleep 0.1; done
        rm -rf "$3"' sh "$pid" "$signal" "$folder" && exit 0
    idle=0
done
