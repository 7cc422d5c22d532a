-- Asks for a token the way the web app does: the same person, the same meeting of theirs, again and again.
wrk.method = "POST"
wrk.body = '{"room_name":"blue-heron","name":"Ada Lovelace"}'
wrk.headers["content-type"] = "application/json"
