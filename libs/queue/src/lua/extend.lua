-- Extends leases, counted from now by the server's clock.
-- KEYS as in prelude.lua
-- ARGV 3 lease in ms   4… ticket, token for each lease (the caller bounds their number)
-- Returns {'OK', server ms now}, then for each {expiry in server ms}, 0 when the lease is no longer the caller's
local now = now_ms()
local expiry = text(now + tonumber(ARGV[3]))
local out = {{'OK', text(now)}}
for at = 4, #ARGV, 2 do
  local holder = holder_of(ARGV[at])
  if holder and holder[KIND] == 'L' and holder[TOKEN] == ARGV[at + 1] then
    call('ZADD', LEASES, expiry, ARGV[at])
    out[#out + 1] = {expiry}
  else
    out[#out + 1] = {'0'}
  end
end
return out
