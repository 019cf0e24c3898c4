-- Decides an Exchange of traffic.Store: what traffic/board*.go does, by the server's clock.
-- TestScriptDoesWhatAMemoryStoreDoes holds the two together.
--
-- KEYS: the account, then a limit for each take, then an outage for each sight.
-- ARGV: what the process saw and asks for, as JSON; in tests, the time.
--
-- Times are whole microseconds, which a number of Lua has exactly for the next 200 years. So values
-- are kept as MessagePack, and the reply is a list: cjson would write 14 digits of a number. A key
-- is written after all is decided, and lasts as long as it says anything.

local SECOND = 1000000
local AHEAD, VALID, SLOT_TIME, LIVE_TIME = SECOND / 10, SECOND / 10, 10 * SECOND, 10 * SECOND
local KEEP_TIME, BACK_TIME, TURN_TIME, WAIT_TIME = 60 * SECOND, 2 * SECOND, SECOND, SECOND
local PARTS = 100
local HEALTHY, SUSPECT, HELD, RAMPING = 0, 1, 2, 3
local SUSPECT_AFTER, HELD_AFTER, HELD_SLOWLY, HELD_CALLS = 4, 32, 12, 3
local HELD_TIME, SLOW_TIME = SECOND / 4, 5 * SECOND
local LEAD_TIME, RECENT_TIME = 2 * SECOND, 2 * SECOND
local BROKEN, BROKEN_TIME, FULL_AFTER = 12, SECOND / 2, 20 * SECOND
local SERVED_TIME, OUTAGE_TIME = 30 * SECOND, 3600 * SECOND

local min, max, floor, ceil = math.min, math.max, math.floor, math.ceil

local now = tonumber(ARGV[2])
if not now then
  local time = redis.call('TIME')
  now = time[1] * SECOND + time[2]
end

local function after(moment) return max(moment - now, 0) end

-- Deletes the entries of a table that are over.
local function forget(entries, is_over)
  for name, entry in pairs(entries) do
    if is_over(entry) then entries[name] = nil end
  end
end

-- Values of keys. One key may be named twice, so what was read is kept.
local values = {}

local function load(key, new)
  if not values[key] then
    local text = redis.call('GET', key)
    local value = text and cmsgpack.unpack(text)
    values[key] = value and value.ends > now and value or new
  end
  return values[key]
end

local function save(key, ends)
  redis.call('SET', key, cmsgpack.pack(values[key]), 'PX', string.format('%.0f', ceil((ends - now) / 1000)))
end

---- The account ----

local function new_account()
  return {processes = {}, renewals = {}, spent = 0, resets = 0, ends = 0, kept = 0}
end

-- Notes that the process is alive, and returns how many are.
local function live(account, process)
  forget(account.processes, function(at) return at + LIVE_TIME <= now end)
  forget(account.renewals, function(right) return right.ends <= now end)
  account.processes[process] = now
  account.kept = max(account.kept, now + LIVE_TIME)
  local count = 0
  for _ in pairs(account.processes) do count = count + 1 end
  return count
end

local function spend(account, purse)
  if purse.full == 0 then return 0 end
  account.spent = min(max(account.spent + purse.spent, purse.full - max(purse.most, purse.full)), purse.full)
  return purse.full - account.spent
end

local function permit(account, process, p)
  local has = account.renewals[p.rejected]
  if has and not p.returns then return after(has.ends) end
  if has and has.process ~= process then return 0 end
  account.renewals[p.rejected] = p['for'] > 0 and {process = process, ends = now + p['for']} or nil
  return 0
end

---- Limits: the rate ----

local function apart(take) return max(ceil(SECOND / take.per_second), 1) end

local function burst_time(take) return apart(take) * (max(take.burst, 1) - 1) end

-- Notes how much was free. A rate that is new begins empty, as it may have been forgotten.
local function turn_rate(rate, take)
  if take.per_second <= 0 then return end
  if rate.next == 0 then rate.next = now + burst_time(take) + min(apart(take), SECOND) end
  local behind = min(after(rate.next), burst_time(take))
  rate.least = min(rate.least, behind)
  if behind == 0 or rate.from + BACK_TIME <= now then rate.least, rate.from = behind, now end
end

local function give_back_to_rate(rate, take)
  if take.per_second <= 0 or take.back <= 0 or now - take.back_from < rate.from then return end
  local back = min(take.back * apart(take), rate.least)
  rate.next, rate.least = rate.next - back, rate.least - back
end

-- Has no unit be free before a moment. What was granted before does not come back.
local function empty_rate(rate, moment, take)
  local next_at = moment + burst_time(take)
  if next_at <= rate.next then return end
  rate.next, rate.from, rate.least = next_at, now, min(after(next_at), burst_time(take))
end

-- Grants units whose time comes soon.
local function grant_by_rate(rate, take, want, grant)
  if take.per_second <= 0 then
    grant.now = want
    return
  end
  local gap, burst = apart(take), burst_time(take)
  local next_at = max(rate.next, now)
  local function grant_until(moment)
    if want <= 0 or next_at - burst > moment then return 0 end
    local n = min(floor((moment - next_at + burst) / gap) + 1, want)
    want, next_at = want - n, next_at + n * gap
    return n
  end
  grant.now = grant_until(now)
  local first = next_at - burst
  grant.later = grant_until(now + AHEAD)
  if grant.later > 0 then grant.first, grant.apart = after(first), gap end
  if want > 0 then grant.wait = after(next_at - burst - AHEAD) end
  rate.next = next_at
  if rate.from == now then rate.least = min(after(next_at), burst) end
end

---- Limits: the window ----

-- Moves the window on, and drops what is not in it any more.
local function turn_window(window, take)
  local long, half = take.window, floor(take.window / 2)
  if take.size <= 0 or long <= 0 then return end
  local edge, is_known = now + min(take.edge, long + SECOND), take.edge > 0
  if window.late == 0 and is_known then
    window.from, window.early, window.late = edge - long, edge, edge
  elseif window.late == 0 then
    window.from = now - long + 1
  elseif window.late <= now then
    local over = floor((now - window.late) / long) * long
    window.from = window.early + over
    window.early, window.late = window.early + over + long, window.late + over + long
    if is_known then
      if edge < window.late - half then edge = edge + long end
      window.early, window.late = edge, edge
    end
  elseif is_known then
    if edge < window.late - half then
      edge = edge + long
    elseif edge > window.late + half then
      edge = edge - long
    end
    window.early, window.late = min(window.early, edge), max(window.late, edge)
  end
  while window.counts[1] and window.counts[1].last < window.from do table.remove(window.counts, 1) end
end

local function give_back_to_window(window, take)
  if take.size <= 0 or now - take.back_from < window.from then return end
  local back = take.back
  for _, count in ipairs(window.counts) do
    local n = min(count.n, back)
    count.n, back = count.n - n, back - n
  end
end

-- Returns how many of the units that are wanted the window has, and when it has others.
local function free_in_window(window, take)
  if take.size <= 0 or take.window <= 0 then return max(take.want, 0), 0 end
  local used = 0
  for _, count in ipairs(window.counts) do used = used + count.n end
  local free = max(min(take.want, take.size - used), 0)
  if window.late > 0 then return free, after(window.late) end
  if used > 0 then return free, after(window.counts[1].last + take.window) end
  return free, take.window
end

local function use_in_window(window, take, grant)
  local n = grant.now + grant.later
  if take.size <= 0 or n == 0 then return end
  local at = now + grant.first + max(grant.later - 1, 0) * grant.apart + VALID -- they are used by then
  local latest = window.counts[#window.counts]
  if latest then
    at = max(at, latest.last)
    if at - latest.first < floor(take.window / PARTS) then
      latest.last, latest.n = at, latest.n + n
      return
    end
  end
  table.insert(window.counts, {first = at, last = at, n = n})
end

---- Limits: slots ----

-- Returns how many slots the process may have, if there are as many.
local function share(leases, process, slots)
  local count, mine, is_short, is_behind = 0, leases[process], false, false
  for _ in pairs(leases) do count = count + 1 end
  local part = floor(slots / count)
  for name, lease in pairs(leases) do
    if name ~= process and lease.short and lease.asked + WAIT_TIME > now then
      is_short = true
      if lease.n <= part then
        if mine.n > part then
          is_behind = is_behind or mine.since + TURN_TIME <= now
        else
          is_behind = is_behind or not mine.short or lease.since < mine.since
        end
      end
    end
  end
  if not is_short then return slots end
  if is_behind or part * count == slots then return part end
  return part + 1
end

local function hold(leases, process, take)
  local want = max(take.hold, take.busy)
  if take.slots <= 0 then return 0 end
  forget(leases, function(lease) return lease.asked + SLOT_TIME <= now end)
  if want == 0 then
    leases[process] = nil
    return 0
  end
  local mine = leases[process] or {n = 0, short = false, since = 0}
  leases[process] = mine
  mine.asked = now
  local free = take.slots
  for name, lease in pairs(leases) do
    if name ~= process then free = free - lease.n end
  end
  local most = min(want, share(leases, process, take.slots))
  local n = min(max(most, take.busy), max(free, 0))
  local is_short = n < want
  if n ~= mine.n or is_short and not mine.short then mine.n, mine.since = n, now end
  mine.short = is_short
  return min(most, n)
end

---- Limits: the pace that one process learns for all ----

local function new_pace()
  return {
    learned = {per_second = 0, burst = 0}, leader = '', ends = 0,
    evidence = {accepted = 0, since = 0, refused = 0, left = 0, wait = 0, by_vendor = false},
  }
end

local function add_evidence(evidence, some, is_free)
  if is_free and evidence.since + RECENT_TIME <= now then evidence.accepted, evidence.since = 0, now end
  evidence.accepted = evidence.accepted + some.accepted
  if some.refused == 0 then return end
  evidence.refused = evidence.refused + some.refused
  if now - some.left > evidence.left then
    evidence.left, evidence.wait, evidence.by_vendor = now - some.left, some.wait, some.by_vendor
  end
end

-- Returns all evidence, for the process that leads.
local function take_evidence(pace)
  local evidence = pace.evidence
  pace.evidence = {accepted = 0, since = now, refused = 0, left = 0, wait = 0, by_vendor = false}
  if evidence.refused == 0 then return {evidence.accepted, 0, 0, 0, 0} end
  return {evidence.accepted, evidence.refused, now - evidence.left, evidence.wait, evidence.by_vendor and 1 or 0}
end

local NO_EVIDENCE = {0, 0, 0, 0, 0}

-- Takes up what a process met and learned. Nobody can learn while the limit is closed, and so the
-- leader stays.
local function learn(limit, process, take, grant)
  local pace = limit.pace
  local is_leader, is_free = pace.leader == process, pace.leader == '' or pace.ends <= now
  grant.leads, grant.evidence = 0, NO_EVIDENCE
  add_evidence(pace.evidence, take.evidence, is_free)
  local is_learned = pace.learned.per_second > 0 or pace.learned.burst > 0
  local has_learned = take.learned.per_second > 0 or take.learned.burst > 0
  if is_leader and take.leads and not has_learned then
    limit.pace = new_pace()
  elseif is_leader and take.leads or is_free and take.leads and not is_learned then
    pace.learned = take.learned
    grant.leads = 1
  elseif is_leader or is_free and (take.leads or pace.learned.per_second > 0 and take.want > 0) then
    grant.leads = 1
  end
  grant.learned = limit.pace.learned
  if grant.leads == 1 then
    pace.leader, pace.ends = process, max(now, limit.closed) + LEAD_TIME
    grant.evidence = take_evidence(pace)
  end
end

-- Has a take keep to what was learned.
local function apply_pace(pace, take)
  local learned = pace.learned
  if learned.per_second <= 0 then return end
  if take.per_second <= 0 then take.per_second, take.burst = learned.per_second, learned.burst end
  take.per_second, take.burst = min(take.per_second, learned.per_second), min(take.burst, learned.burst)
end

-- Empties the rate as the vendor's is.
local function empty_by_pace(limit, take)
  if limit.pace.learned.per_second <= 0 then return end
  if limit.closed > now then empty_rate(limit.rate, limit.closed, take) end
  if take.evidence.refused > 0 then empty_rate(limit.rate, now - take.evidence.left + apart(take), take) end
end

---- Limits ----

local function new_limit()
  return {
    closed = 0, pace = new_pace(), rate = {next = 0, least = 0, from = 0}, window = {early = 0, late = 0, from = 0, counts = {}},
    slots = {}, ends = 0,
  }
end

local function take_of(limit, process, take)
  if take.close > 0 then limit.closed = max(limit.closed, now + take.close) end
  local grant = {now = 0, later = 0, first = 0, apart = 0, wait = 0, closed = after(limit.closed)}
  grant.hold = hold(limit.slots, process, take)
  learn(limit, process, take, grant)
  apply_pace(limit.pace, take)
  turn_rate(limit.rate, take)
  empty_by_pace(limit, take)
  turn_window(limit.window, take)
  give_back_to_rate(limit.rate, take)
  give_back_to_window(limit.window, take)
  if grant.closed == 0 then
    local free, wait = free_in_window(limit.window, take)
    grant_by_rate(limit.rate, take, free, grant)
    if grant.now + grant.later == free and free < take.want then grant.wait = wait end
    use_in_window(limit.window, take, grant)
  end
  limit.ends = max(limit.ends, limit.rate.next, max(now, limit.closed) + take.window + KEEP_TIME)
  local learned = {string.format('%.17g', grant.learned.per_second), grant.learned.burst}
  return {
    grant.now, grant.later, grant.first, grant.apart, grant.hold, grant.wait, grant.closed, learned, grant.leads,
    grant.evidence,
  }
end

---- Outages ----

local function new_outage()
  return {
    state = HEALTHY, first = 0, failures = 0, calls = {}, down = false, elsewhere = 0, cause = '', good = 0,
    served = 0, served_at = 0, reference = 0, probe_at = 0, since = 0, row = 0, row_at = 0, resets = 0, ends = 0,
  }
end

local function interval(outage)
  local d = min(max(floor((now - outage.first) / 10), SECOND / 2), 10 * SECOND)
  if outage.reference > 0 then d = max(d, min(floor(2 * SECOND / outage.reference), 30 * SECOND)) end
  return d
end

local function begin(outage)
  outage.state, outage.probe_at = HELD, now + interval(outage)
end

local function reset(outage)
  outage.state, outage.failures, outage.calls, outage.elsewhere = HEALTHY, 0, {}, 0
end

-- Lets what was served before count less.
local function meter(outage)
  outage.served = outage.served * max(1 - (now - outage.served_at) / SERVED_TIME, 0)
  outage.served_at = now
end

local function succeed(outage, sight)
  meter(outage)
  outage.served = outage.served + sight.served
  local left = now - sight.left
  outage.good = max(outage.good, left)
  if outage.state == RAMPING then
    outage.row = 0
  elseif left > outage.first then
    if outage.state == HELD then
      outage.state, outage.since, outage.row = RAMPING, now, 0
    else
      reset(outage)
    end
  end
end

local function add_call(outage, call)
  if #outage.calls >= HELD_CALLS then return end
  for _, known in ipairs(outage.calls) do
    if known == call then return end
  end
  table.insert(outage.calls, call)
end

-- Begins to hold all calls if there were failures enough, of calls enough, for long enough.
local function may_hold(outage)
  local long = now - outage.first
  local is_much = outage.failures >= HELD_AFTER and long >= HELD_TIME or outage.failures >= HELD_SLOWLY and long >= SLOW_TIME
  if is_much and (#outage.calls >= HELD_CALLS or outage.down) and outage.elsewhere <= now then begin(outage) end
end

local function note_failures(outage, process, sight, first)
  if outage.failures == 0 then
    outage.first, outage.down = first, true
    meter(outage)
    outage.reference = outage.served / (SERVED_TIME / SECOND)
  end
  outage.first = min(outage.first, first)
  outage.failures = outage.failures + sight.failures
  outage.down, outage.cause = outage.down and sight.unreachable, sight.cause
  if sight.elsewhere then outage.elsewhere = now + LIVE_TIME end
  for _, call in ipairs(sight.calls) do add_call(outage, process .. call) end
end

local function fail(outage, process, sight)
  local first = now - sight.first
  if first < (outage.state == RAMPING and outage.since or outage.good) then return end
  note_failures(outage, process, sight, first)
  if outage.state == HEALTHY and outage.failures >= SUSPECT_AFTER and (#outage.calls > 1 or outage.down) then
    outage.state, outage.probe_at = SUSPECT, now + interval(outage)
  end
  if outage.state == SUSPECT then
    may_hold(outage)
  elseif outage.state == RAMPING then
    if outage.row == 0 then outage.row_at = first end
    outage.row = outage.row + sight.failures
    if outage.row >= BROKEN and now - outage.row_at >= BROKEN_TIME then begin(outage) end
  end
end

local function view(outage, sight)
  if outage.state == HEALTHY then return {HEALTHY, 0, 0, '', 0, 0} end
  local is_granted = 0
  if sight.probe and outage.state ~= RAMPING and outage.probe_at <= now then
    is_granted = 1
    outage.probe_at = now + interval(outage)
  end
  return {outage.state, max(now - outage.first, 0), outage.failures, outage.cause, after(outage.probe_at), is_granted}
end

-- Once the vendor works again, so do its endpoints. Their keys are not known here, so the account
-- counts how often that was, and each endpoint is reset when it is met next.
local function sight_of(account, outage, process, sight)
  if not sight.vendor and outage.resets ~= account.resets then
    reset(outage)
    outage.resets = account.resets
  end
  local was_held = outage.state == HELD
  if sight.served > 0 then succeed(outage, sight) end
  if sight.failures > 0 then fail(outage, process, sight) end
  if outage.state == RAMPING and outage.since + FULL_AFTER <= now then reset(outage) end
  if sight.vendor and was_held and outage.state == RAMPING then account.resets = account.resets + 1 end
  outage.ends = now + OUTAGE_TIME
  return view(outage, sight)
end

---- The exchange ----

local x = cjson.decode(ARGV[1])
local account = load(KEYS[1], new_account())
local processes, grants, views, waits = live(account, x.process), {}, {}, {}
for i, take in ipairs(x.limits) do
  grants[i] = take_of(load(KEYS[1 + i], new_limit()), x.process, take)
end
for i, sight in ipairs(x.outages) do
  views[i] = sight_of(account, load(KEYS[1 + #x.limits + i], new_outage()), x.process, sight)
end
local retries = spend(account, x.budget)
for i, p in ipairs(x.renewals) do waits[i] = permit(account, x.process, p) end

-- The account is kept as long as any of its limits, outages and rights; what was spent is then
-- forgotten. A right may be returned before it ends.
for i = 2, #KEYS do
  account.kept = max(account.kept, values[KEYS[i]].ends)
  save(KEYS[i], values[KEYS[i]].ends)
end
account.ends = account.kept
for _, right in pairs(account.renewals) do account.ends = max(account.ends, right.ends) end
save(KEYS[1], account.ends)
return {processes, retries, grants, views, waits}
