-- Extends leases, counted from now by the server's clock.
-- KEYS as in prelude.lua
-- ARGV 3 lease in ms   4… for each lease (the caller bounds their number): ticket, token, how long after its claim it ends at the latest in
--      ms ('' = no limit)
-- Returns {'OK', server ms now}, then for each {expiry in server ms}, 0 when the lease is no longer the caller's
local now = now_ms()
local out = {{'OK', text(now)}}
for at = 4, #ARGV, 3 do
  local ticket, token, most_ms = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local holder = holder_of(ticket)
  local expiry = 0
  if holder and holder[KIND] == 'L' and holder[TOKEN] == token then
    expiry = now + tonumber(ARGV[3])
    if most_ms and holder[OFFERED_AT] then
      expiry = math.min(expiry, holder[OFFERED_AT] + most_ms)
    end
    call('ZADD', LEASES, text(expiry), ticket)
  end
  out[#out + 1] = {text(expiry)}
end
return out
