-- Takes permits from the bucket at KEYS[1], which holds the microsecond up to which everything is paid for.
-- Answers how many were taken, for how many microseconds they may be used, and how far the bucket is ahead then.
local interval, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local wanted, ahead = tonumber(ARGV[3]), tonumber(ARGV[4])

local whole = interval * limit
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- The fuller of both counts, and never more than full: the clock may have been set back, or the quota changed.
local paid = math.max(tonumber(redis.call('GET', KEYS[1])) or 0, now + ahead)
paid = math.min(paid, now + whole)

local permits, life = 1, 0
if wanted > 1 then
  -- Permits may be used until `from`: before, the bucket cannot forget them. A large quota pays up to a thousandth
  -- of itself for that; otherwise they live only as long as the bucket is ahead anyway. The last quarter is given
  -- out one by one: there a permit that nobody uses would be missing elsewhere.
  local from = paid
  if limit >= 1000 then from = math.max(from, now + math.floor(whole / 1000)) end
  local full = from + wanted * interval - now
  if from > now and full <= whole * 3 / 4 then
    permits, life, paid = wanted, math.min(from - now, 1000000), from
  end
end

paid = paid + permits * interval
if paid - now > whole then return { 0, 0, paid - permits * interval - now } end
redis.call('SET', KEYS[1], string.format('%.0f', paid), 'PX', math.ceil((paid - now) / 1000) + 1)
return { permits, life, paid - now }
