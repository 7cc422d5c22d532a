# shellcheck shell=bash
# What scripts that see facts have in common; they source it. Each fact is a line, and the end a tally as cargo has it.

passed=0
failed=0

# check SENTENCE COMMAND…: whether it is so; says what the command said when it is not.
check() {
    local sentence=$1 said
    shift
    if said=$("$@" 2>&1); then
        passed=$((passed + 1))
        printf 'ok      %s\n' "$sentence"
    else
        failed=$((failed + 1))
        printf 'FAILED  %s\n%s\n' "$sentence" "$said"
    fi
}

# eventually SECONDS COMMAND…: until it succeeds.
eventually() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 1
    done
}

# not COMMAND…: that it fails.
not() {
    ! "$@"
}

# skip REASON: there is nothing to find out here.
skip() {
    printf 'skipped: %s\n' "$1"
    exit 0
}

# tally: ends with whether every fact held.
tally() {
    local word=ok
    ((failed == 0)) || word=FAILED
    printf 'test result: %s. %s passed; %s failed; in %s s\n' "$word" "$passed" "$failed" "$SECONDS"
    ((failed == 0))
}

# livekit_token KEY SECRET GRANTS: one of LiveKit's, good for a minute.
livekit_token() {
    local now head claims signature
    now=$(date +%s)
    head=$(base64url <<<'{"alg":"HS256","typ":"JWT"}')
    claims=$(base64url <<<"{\"iss\":\"$1\",\"sub\":\"ada\",\"nbf\":$((now - 10)),\"exp\":$((now + 60)),\"video\":{$3}}")
    signature=$(printf %s "$head.$claims" | openssl dgst -sha256 -hmac "$2" -binary | base64url)
    printf %s "$head.$claims.$signature"
}

# As tokens have it.
base64url() {
    base64 -w 0 | tr '+/' '-_' | tr -d =
}
