-- Applies a batch of the feed (or a page of a rebuild) to the queues and moves the cursor, all at once.
-- Repeating a batch changes nothing: what lies at or before the cursor is skipped, and an older generation never beats a newer one.
-- KEYS as in prelude.lua
-- ARGV 3 'feed' or 'rebuild'   4 feed: position the batch starts after; rebuild: the rebuild's token   5 position it ends at
--      6 cursor to keep ('' = leave the old one: the batch goes on)   7 feed: mark of the rebuild that the caller follows, '' = any;
--        rebuild: how long to keep the right to rebuild, ms
--      8… operations (the caller bounds their number), each starting with its kind and position:
--        'P' seq ticket generation lane score member channel trace data      it waits
--        'D' seq ticket generation agent channel                             it does not wait; agent '' = nobody has it;
--                                                                            channel '' = takes no new slot
-- Returns {'OK'} | {'SEEN'} | {'GAP', seq, cursor} | {'NOT_READY'} | {'LOST'} (another one rebuilds), then after OK a row for each
--   change to a holder: {'REVOKED'|'ASSIGNED'|'FREED', ticket, token, agent}
local mode, from, to, cursor = ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local applied = 0
if mode == 'feed' then
  if not complete then
    return {{'NOT_READY'}}
  end
  applied = tonumber(meta[3])
  -- Positions of a log that was restored, or of queues that were rebuilt, say nothing about these queues.
  if applied < tonumber(from) or (ARGV[7] ~= '' and ARGV[7] ~= complete) then
    return {{'GAP', meta[3], meta[4]}}
  end
  if applied > to or (applied == to and (cursor == '' or cursor == meta[4])) then
    return {{'SEEN'}}
  end
elseif meta[5] ~= from then
  return {{'LOST'}}
end

if ARGV[2] ~= '' then
  call('HSET', META, 'lanes', ARGV[1] == '' and ARGV[2] or (ARGV[1] .. '\n' .. ARGV[2]))
end

local out = {{'OK'}}
local function report(what, ticket, holder)
  out[#out + 1] = {what, ticket, holder[TOKEN], holder[AGENT]}
end

local function put(ticket, generation, lane, score, member, channel, trace, data)
  local old, holder = item_of(ticket), holder_of(ticket)
  if old and generation < old[GENERATION] then
    return
  end
  local leased = holder and holder[KIND] == 'L'
  if holder and not leased and generation <= holder[HGENERATION] then
    return
  end
  if holder and generation > holder[HGENERATION] then
    -- What was offered or held is history: the ticket entered the queue anew.
    drop_holder(ticket, holder)
    if leased then
      report('REVOKED', ticket, holder)
    elseif holder[KIND] == 'H' then
      report('FREED', ticket, holder)
    end
    leased = false
  end
  local item = {generation, lane, score, member, channel, 0, {}, trace, data, {}}
  local parked = false
  if old then
    if old[GENERATION] == generation then
      item[RETURNS], item[SKIP], item[ONCE] = old[RETURNS], old[SKIP], old[ONCE] or {}
      -- The trace of the contact that brought it into the queue, not of a later change.
      if old[TRACE] ~= '' then
        item[TRACE] = old[TRACE]
      end
      parked = call('ZSCORE', PARKED, ticket)
    else
      call('ZREM', PARKED, ticket)
    end
    call('ZREM', lane_key[old[LANE]], old[MEMBER])
  end
  save_item(ticket, item)
  if not leased and not parked then
    enqueue(ticket, item)
  end
end

local function drop(ticket, generation, agent, channel)
  local old, holder = item_of(ticket), holder_of(ticket)
  if old and generation < old[GENERATION] or holder and generation < holder[HGENERATION] then
    return
  end
  if old then
    if holder and holder[KIND] == 'L' and agent ~= '' and holder[AGENT] == agent then
      note_pace(old)
    end
    forget_item(ticket, old)
  end
  if holder and agent ~= '' and holder[AGENT] == agent then
    if holder[KIND] == 'L' then
      keep(ticket, holder, generation)
      report('ASSIGNED', ticket, holder)
    elseif holder[HGENERATION] ~= generation then
      holder[HGENERATION] = generation
      save_holder(ticket, holder)
    end
    return
  end
  if holder then
    drop_holder(ticket, holder)
    if holder[KIND] ~= 'F' then
      report(holder[KIND] == 'L' and 'REVOKED' or 'FREED', ticket, holder)
    end
  end
  if agent ~= '' and channel ~= '' then
    hold(ticket, generation, agent, channel, '')
  end
end

local at = 8
while at <= #ARGV do
  local seq, ticket, generation = tonumber(ARGV[at + 1]), ARGV[at + 2], tonumber(ARGV[at + 3])
  local fresh = mode == 'rebuild' or seq > applied
  if ARGV[at] == 'P' then
    if fresh then
      put(ticket, generation, ARGV[at + 4], ARGV[at + 5], ARGV[at + 6], ARGV[at + 7], ARGV[at + 8], ARGV[at + 9])
    end
    at = at + 10
  else
    if fresh then
      drop(ticket, generation, ARGV[at + 4], ARGV[at + 5])
    end
    at = at + 6
  end
end

if mode == 'feed' then
  call('HSET', META, 'seq', ARGV[5])
  if cursor ~= '' then
    call('HSET', META, 'cursor', cursor)
  end
else
  call('HSET', META, 'rebuild_until', text(now_ms() + tonumber(ARGV[7])))
end
return out
