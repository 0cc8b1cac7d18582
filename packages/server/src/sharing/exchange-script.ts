/**
 * One exchange between a replica and the counts that all replicas share, in one atomic step and by Redis' own clock.
 *
 * KEYS: the live replicas by when they were last heard, the epoch, then one count for each ask.
 * ARGV: the replica, how long one counts as live without being heard, the epoch if there is none yet, and the asks as a
 * JSON list: `["w", limit, window, owed, need, unit, want, [age, amount, …]]` for something by the minute, counted as
 * `core/sliding-window` does, and `["s", limit, kept for, held, need, want]` for something that is had for a time.
 * A further kind of count, such as a stock that nothing refills, is a further letter.
 *
 * Returns the time, how many replicas are live, the epoch, then for each ask: granted, remaining, wait, reset.
 */
export const exchangeScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local replica = ARGV[1]
redis.call('ZADD', KEYS[1], now, replica)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
local replicas = redis.call('ZCARD', KEYS[1])
local epoch = redis.call('GET', KEYS[2])
if not epoch then
  epoch = ARGV[3]
  redis.call('SET', KEYS[2], epoch)
end

local function ahead(left, want)
  return math.max(0, math.min(want, math.floor(left / (2 * replicas))))
end

-- A window is [debt, debt ends, first, last, amount, first, last, amount, …].
local function window(key, limit, span, owed, need, unit, want, returned)
  local packed = redis.call('GET', key)
  local old = packed and cmsgpack.unpack(packed) or {0, 0}
  local kept = {old[1], old[2]}
  local used = 0
  if kept[2] <= now then kept[1] = 0 end
  used = kept[1]
  for at = 3, #old, 3 do
    if old[at + 1] + span > now then
      kept[#kept + 1] = old[at]
      kept[#kept + 1] = old[at + 1]
      kept[#kept + 1] = old[at + 2]
      used = used + old[at + 2]
    end
  end

  for pair = 1, #returned, 2 do
    local taken, left = now - returned[pair], returned[pair + 1]
    for at = #kept - 2, 3, -3 do
      if left > 0 and kept[at] <= taken then
        local part = math.min(left, kept[at + 2])
        kept[at + 2] = kept[at + 2] - part
        used = used - part
        left = left - part
      end
    end
    if returned[pair] < span then
      local part = math.min(left, kept[1])
      kept[1] = kept[1] - part
      used = used - part
    end
  end

  local function take(amount)
    if amount <= 0 then return end
    local within = math.min(amount, math.max(0, limit - used))
    used = used + amount
    if within > 0 then
      local last = #kept - 2
      if last >= 3 and now - kept[last] < span / 60 then
        kept[last + 1] = now
        kept[last + 2] = kept[last + 2] + within
      else
        kept[#kept + 1] = now
        kept[#kept + 1] = now
        kept[#kept + 1] = within
      end
    end
    if within < amount then
      kept[1] = kept[1] + amount - within
      kept[2] = math.max(kept[2], now + math.ceil(span * (1 + (used - limit) / limit)))
    end
  end

  take(owed)
  local free = math.max(0, math.floor(limit - used))
  local granted = math.min(need, free)
  if granted == need then granted = granted + ahead(free - granted, want) end
  take(granted)

  local wait = 0
  if granted < need then
    local missing = used + unit - limit
    local debt = kept[1]
    for at = 3, #kept, 3 do
      local ends = kept[at + 1] + span
      if missing > 0 and debt > 0 and kept[2] <= ends then
        missing = missing - debt
        debt = 0
        wait = kept[2] - now
      end
      if missing > 0 then
        missing = missing - kept[at + 2]
        wait = ends - now
      end
    end
    if missing > 0 then wait = kept[2] - now end
  end
  local ends = kept[1] > 0 and kept[2] or now
  if #kept > 2 then ends = math.max(ends, kept[#kept - 1] + span) end
  if ends > now then
    redis.call('SET', key, cmsgpack.pack(kept), 'PX', ends - now)
  else
    redis.call('DEL', key)
  end
  return granted, math.max(0, math.floor(limit - used)), wait, used > 0 and ends - now or 0
end

-- Slots are a hash of what each replica holds; those of a replica that is no longer heard are free.
local function slots(key, limit, keep, held, need, want)
  local used = held
  local holders = redis.call('HGETALL', key)
  for at = 1, #holders, 2 do
    if holders[at] ~= replica then
      if redis.call('ZSCORE', KEYS[1], holders[at]) then
        used = used + holders[at + 1]
      else
        redis.call('HDEL', key, holders[at])
      end
    end
  end
  local free = math.max(0, limit - used)
  local granted = math.min(need, free)
  if granted == need then granted = granted + ahead(free - granted, want) end
  if held + granted > 0 then
    redis.call('HSET', key, replica, held + granted)
    redis.call('PEXPIRE', key, keep)
  else
    redis.call('HDEL', key, replica)
  end
  return granted, free - granted, 0, 0
end

local reply = {now, replicas, epoch}
local kinds = {w = window, s = slots}
for at, ask in ipairs(cjson.decode(ARGV[4])) do
  for _, number in ipairs({kinds[ask[1]](KEYS[at + 2], unpack(ask, 2))}) do
    reply[#reply + 1] = number
  end
end
return reply
`;
