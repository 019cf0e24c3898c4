package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A Rate is a number of events in a period, such as 120/1m in text.
type Rate struct {
	Count int
	Per   time.Duration
}

// String returns a text such as "120/1m0s".
func (r Rate) String() string { return fmt.Sprintf("%d/%v", r.Count, r.Per) }

// MarshalText returns the same text as String.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText parses a text such as "120/1m": a whole number, a slash and a duration.
func (r *Rate) UnmarshalText(text []byte) error {
	count, per, _ := strings.Cut(string(text), "/")
	n, err := strconv.Atoi(count)
	d, err2 := time.ParseDuration(per)
	if err != nil || err2 != nil || n <= 0 || d <= 0 {
		return fmt.Errorf("expected a rate such as 120/1m; got %q", text)
	}
	r.Count, r.Per = n, d
	return nil
}

// A Percent is a part of a whole, such as 80% in text.
type Percent int

// String returns a text such as "80%".
func (p Percent) String() string { return fmt.Sprintf("%d%%", int(p)) }

// MarshalText returns the same text as String.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText parses a text such as "80%": a whole number from 1 to 100.
func (p *Percent) UnmarshalText(text []byte) error {
	number, isPercent := strings.CutSuffix(string(text), "%")
	n, err := strconv.Atoi(number)
	if !isPercent || err != nil || n < 1 || n > 100 {
		return fmt.Errorf("expected a share such as 80%%, from 1%% to 100%%; got %q", text)
	}
	*p = Percent(n)
	return nil
}

// A Limit bounds how many requests start in a time, by a rate or a window, or how many are under
// way, or both.
type Limit struct {
	// Name identifies the limit in files and errors.
	Name string `yaml:"name,required,nonempty"`

	// Scope is ScopeAccount for one limiter per credential, ScopeEndpoint for one per endpoint
	// and credential (see EndpointOf), or ScopeRecord for one per record and credential.
	Scope apierrors.Scope `yaml:"scope,required"`

	// Rate is the average rate. The zero Rate is no bound.
	Rate Rate `yaml:"rate"`

	// Burst is how many requests may start at once at that rate. Zero means 1.
	Burst int `yaml:"burst,positive"`

	// Window is how many requests may start in any period of a length, at once or spread over
	// it. It is there instead of Rate. The zero Rate is no bound.
	Window Rate `yaml:"window"`

	// Resets is the zone by whose clock the windows turn; see Zone.Next. The length of a window
	// then divides a day. The zero Zone means that this is not known: a window begins with any
	// request, until a response says when it ends.
	Resets Zone `yaml:"resets"`

	// Cost means that Rate, Burst and Window count points, and says how many a request takes of
	// which nothing else says it; see client.CallOptions.Weight and Quota.Spent. Zero means that
	// they count requests.
	Cost int `yaml:"cost,positive"`

	// Slots is how many requests may be under way, from their start to the header of their
	// response or, with Held, longer. Zero is no bound.
	Slots int `yaml:"slots,positive"`

	// Held means that a request which succeeds holds its slot beyond its response, as an export
	// does that it queued, until a response frees it; see Quota.Freed. A slot is held at most
	// for so long, as that response may be missed. Zero means that the response returns it.
	Held time.Duration `yaml:"held,positive"`

	// Share is the part of the limit that this program may take, as others use the same
	// account. Zero means all of it.
	Share Percent `yaml:"share"`

	// Methods are HTTP methods in upper case. Nil stands for all.
	Methods []string `yaml:"methods,nonempty"`

	// Paths are patterns as in Match.Paths. Nil stands for all.
	Paths []string `yaml:"path,nonempty"`

	// Except are patterns as in Match.Paths, for requests that the limit is not for.
	Except []string `yaml:"except,nonempty"`

	// Off means that the limit is not enforced. A response that names the limit still
	// pauses its calls.
	Off bool `yaml:"off"`

	// Named means that the vendor names the limit in each response that is about it. So no
	// other response pauses its calls.
	Named bool `yaml:"named"`
}

// Enforced returns the rate per second, the burst and the slots that this program may take; 0
// is no bound. A burst and slots are at least 1.
func (l Limit) Enforced() (perSecond float64, burst, slots int) {
	if l.Rate.Count > 0 {
		perSecond = l.part() * float64(l.Rate.Count) / l.Rate.Per.Seconds()
	}
	if l.Slots > 0 {
		slots = max(int(l.part()*float64(l.Slots)), 1)
	}
	return perSecond, max(int(l.part()*float64(l.Burst)), 1), slots
}

// EnforcedWindow returns how many requests, or points, of each window this program may take, at
// least 1; 0 is no bound.
func (l Limit) EnforcedWindow() int {
	if l.Window.Count == 0 {
		return 0
	}
	return max(int(l.part()*float64(l.Window.Count)), 1)
}

// part returns the part of the limit that this program may take.
func (l Limit) part() float64 { return float64(cmp.Or(l.Share, 100)) / 100 }

// period returns the period of the rate or the window; 0 without one.
func (l Limit) period() time.Duration { return cmp.Or(l.Rate.Per, l.Window.Per) }

// Limits returns the limits that apply to a request, including those that are off. For
// tools: a client enforces them by itself. The lists in a Limit are read-only.
func (p Policy) Limits(method, path string) []Limit {
	var found []Limit
	for _, l := range p.limits {
		if l.Covers(method, path) {
			found = append(found, l)
		}
	}
	return found
}

// Covers reports whether requests of a method to a path fall under l; see Match.Paths.
func (l Limit) Covers(method, path string) bool {
	return matchesRequest(l.Methods, l.Paths, method, path) && (l.Except == nil || !matchesRequest(nil, l.Except, "", path))
}

// narrowestLimit returns the narrowest limit that a response to the request can be about; of
// several, that of the shortest period. It is nil if there is none.
func (p Policy) narrowestLimit(wait time.Duration, s State) []Limit {
	var narrowest Limit
	for _, l := range p.Limits(s.method(), s.Path) {
		isNarrower := cmp.Or(l.narrowness()-narrowest.narrowness(), int(narrowest.period()-l.period())) > 0
		if l.canExplain(wait) && (narrowest.Name == "" || isNarrower) {
			narrowest = l
		}
	}
	if narrowest.Name == "" {
		return nil
	}
	return []Limit{narrowest}
}

// canExplain reports whether a response that names no limit, and asks for wait, can be about
// l. It cannot be if the vendor would have named l, or if l has requests again sooner.
func (l Limit) canExplain(wait time.Duration) bool {
	return !l.Off && !l.Named && l.Scope != apierrors.ScopeRecord && (l.period() == 0 || wait <= l.period())
}

// narrowness orders limits by how few requests they are for; that of a limit for all is 0.
func (l Limit) narrowness() int {
	n := 0
	if l.Scope == apierrors.ScopeEndpoint {
		n += 4
	}
	if len(l.Paths) > 0 {
		n += 2
	}
	if len(l.Methods) > 0 {
		n++
	}
	return n
}

// LimitNamed returns the limit called name, even if it is off. For tools: a client
// enforces it by itself. The lists in the Limit are read-only.
func (p Policy) LimitNamed(name string) (Limit, bool) {
	i := slices.IndexFunc(p.limits, func(l Limit) bool { return l.Name == name })
	if i < 0 {
		return Limit{}, false
	}
	return p.limits[i], true
}

// limitsNamed returns the limits called names, without those that p does not have.
func (p Policy) limitsNamed(names []string) []Limit {
	var found []Limit
	for _, name := range names {
		if l, ok := p.LimitNamed(name); ok {
			found = append(found, l)
		}
	}
	return found
}

// clone returns a copy of l that shares nothing with it.
func (l Limit) clone() Limit {
	l.Methods, l.Paths, l.Except = slices.Clone(l.Methods), slices.Clone(l.Paths), slices.Clone(l.Except)
	return l
}
