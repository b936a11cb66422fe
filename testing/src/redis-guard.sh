# Runs one throw-away Redis for as long as its standard input stays open. A line "crash", "start",
# "freeze" or "thaw" on it does that to the server, and is answered by "done" or "failed".
# Arguments: directory, port. Says "ready" or "failed".
dir=$1 port=$2
# Nobody may be listening to "ready" any more; that must not stop the cleaning up.
trap '' PIPE
mkdir -m 0700 "$dir" && cd "$dir" || exit 1
start() {
    redis-server --bind 127.0.0.1 --port "$port" --dir "$dir" --save '' --appendonly no </dev/null >>"$dir/log" 2>&1 &
    server=$!
    until [ "$(redis-cli -h 127.0.0.1 -p "$port" ping </dev/null 2>/dev/null)" = PONG ]; do
        kill -0 "$server" 2>/dev/null || return 1
        sleep 0.02
    done
}
crash() { kill -KILL "$server" && ! wait "$server"; }
freeze() { kill -STOP "$server"; }
thaw() { kill -CONT "$server"; }
cleanup() {
    kill -KILL "$server" 2>/dev/null
    cd / && rm -rf "$dir"
}
trap 'cleanup; exit 1' INT TERM HUP
if start; then
    echo ready
    while read -r order; do
        case $order in
        start | crash | freeze | thaw) if "$order"; then echo done; else echo failed; fi ;;
        esac
    done
else
    echo failed
    tail -n 5 "$dir/log" 2>/dev/null
fi
cleanup
