-- Two attempts of one browser.
insert into oidc_attempts (state_hash, browser_hash, nonce, verifier, return_to, created_at) values
    ('\x01', '\x03', 'nonce-one', 'verifier-one', '/app', '2026-01-05 09:00:00+00'),
    ('\x02', '\x03', 'nonce-two', 'verifier-two', '/m/blue-heron', '2026-01-05 09:01:00+00');
