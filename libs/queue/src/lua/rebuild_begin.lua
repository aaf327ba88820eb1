-- Takes the right to rebuild a tenant's queues and empties them. Only one holds the right; it lapses unless pages keep coming.
-- KEYS as in prelude.lua
-- ARGV 3 token of the rebuilder   4 how long to keep the right, ms   5 the `complete` mark the caller found wrong ('' = none was there)
-- Returns {'OK'} | {'BUSY', ms until the right lapses} | {'COMPLETE'} (somebody rebuilt in the meantime)
if complete and complete ~= ARGV[5] then
  return {{'COMPLETE'}}
end
local now = now_ms()
local lapses = tonumber(meta[6] or '0')
if meta[5] and meta[5] ~= ARGV[3] and lapses > now then
  return {{'BUSY', text(lapses - now)}}
end
for i = 2, #KEYS do
  call('UNLINK', KEYS[i])
end
call('HDEL', META, 'complete', 'seq', 'cursor', 'lanes')
call('HSET', META, 'rebuild', ARGV[3], 'rebuild_until', text(now + tonumber(ARGV[4])))
return {{'OK'}}
