package traffic

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// A Fleet is a Shared for the calls of several processes, which share what a Store keeps: pauses,
// limits that are declared, rates that are learned from refusals, outages and their probes, the
// budget, and rights to renew. Who waits is up to each process, and the windows that responses
// announce are known to the process that got them. Slots and windows that nobody declared are not
// found among processes: they are taken for a rate. Make one with NewFleet, for all clients of a
// process.
//
// A call of an account that was not used for half a second waits for one Exchange. While requests
// follow each other, there is one in the background every quarter of a second, and up to 20 a second
// while a limit or an outage holds requests back.
//
// If the Store fails, the process goes on with its share of the limits, learns what it meets, and
// tries the Store every second. Once the Store works again, the process keeps to its share for one
// and a half seconds more, as others may not know that yet.
type Fleet struct {
	Memory

	store   Store
	process string
	options FleetOptions
	ctx     context.Context // of exchanges
	cancel  context.CancelFunc
	running sync.WaitGroup // exchanges

	isClosed atomic.Bool
	telling  sync.Mutex
	isLost   bool // as the operator was told
}

// FleetOptions are options of a Fleet.
type FleetOptions struct {
	// Processes is how many processes share the limits while the Store fails and has
	// not said how many there are. Zero means 1.
	Processes int

	// Logger gets a warning when the Store fails, and a line when it works again. nil: no log.
	Logger *slog.Logger

	// OnStore is called with the error when the Store fails, and with nil when it works again:
	// one call after the other, in the order in which that happens. It must not block, and must not
	// call Close. What it panics with is logged. nil: no call.
	OnStore func(error)
}

// NewFleet returns a Fleet of the processes that have the same Store.
func NewFleet(store Store, o FleetOptions) *Fleet {
	ctx, cancel := context.WithCancel(context.Background())
	f := &Fleet{store: store, process: rand.Text(), options: o, ctx: ctx, cancel: cancel}
	f.init()
	f.fleet = f
	return f
}

// Close gives the Store what it does not know yet, and waits for that. Call it after the clients of
// the process are closed: a cron whose last call met a pause leaves it to the next one. A call after
// that goes on as if the Store failed.
func (f *Fleet) Close() error {
	f.isClosed.Store(true)
	for _, q := range f.all() {
		q.mu.Lock()   // an exchange that is about to begin is counted after that
		q.mu.Unlock() //nolint:staticcheck // as above
	}
	f.running.Wait()
	defer f.cancel()
	for _, q := range f.all() {
		if x, hasNews := q.lastExchange(time.Now()); hasNews {
			if _, err := f.ask(f.ctx, x); err != nil {
				return fmt.Errorf("traffic: the store was not told the latest: %w", err)
			}
		}
	}
	return nil
}

// lastExchange returns what the Store does not know yet. From now on the process is alone.
func (q *queue) lastExchange(now time.Time) (x Exchange, hasNews bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	hasNews = q.link.hasNews()
	a := q.exchange(now)
	q.lose(now, a)
	q.step(now)
	return a.Exchange, hasNews
}

// BeginRenewal implements Shared.
func (f *Fleet) BeginRenewal(ctx context.Context, now time.Time, r Renewal) (wait time.Duration) {
	if wait, ok := f.permit(ctx, r, Permit{For: r.Timeout}); ok {
		return wait
	}
	return f.Memory.BeginRenewal(ctx, now, r)
}

// EndRenewal implements Shared.
func (f *Fleet) EndRenewal(ctx context.Context, now time.Time, r Renewal, holdOff time.Duration) {
	if _, ok := f.permit(ctx, r, Permit{Returns: true, For: holdOff}); !ok {
		f.Memory.EndRenewal(ctx, now, r, holdOff)
	}
}

// permit asks for a right, or returns it. It reports whether the Store decided.
func (f *Fleet) permit(ctx context.Context, r Renewal, p Permit) (wait time.Duration, ok bool) {
	p.Rejected = hashed(r.Rejected)
	result, err := f.ask(ctx, Exchange{Account: accountKey(r.Account), Process: f.process, Renewals: []Permit{p}})
	f.tell(err)
	if err != nil || len(result.Renewals) != 1 {
		return 0, false
	}
	return result.Renewals[0], true
}

// ask makes an Exchange. A Store that panics fails.
func (f *Fleet) ask(ctx context.Context, x Exchange) (r Result, err error) {
	ctx, cancel := context.WithTimeout(ctx, exchangeTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("traffic: the store panicked with a value of type %T", p)
		}
	}()
	return f.store.Exchange(ctx, x)
}

// tell tells the operator when the Store begins to fail, or to work again.
func (f *Fleet) tell(err error) {
	f.telling.Lock()
	defer f.telling.Unlock()
	if f.isLost == (err != nil) || f.ctx.Err() != nil {
		return
	}
	f.isLost = err != nil
	if f.options.Logger != nil {
		if err != nil {
			f.options.Logger.Warn("the store of the fleet fails: this process goes on with its share of the limits", "error", err)
		} else {
			f.options.Logger.Info("the store of the fleet works again")
		}
	}
	if f.options.OnStore != nil {
		f.callOnStore(err)
	}
}

// callOnStore calls what is not ours, and survives it.
func (f *Fleet) callOnStore(err error) {
	defer func() {
		if p := recover(); p != nil && f.options.Logger != nil {
			f.options.Logger.Error("OnStore panicked", "type", fmt.Sprintf("%T", p))
		}
	}()
	f.options.OnStore(err)
}

// accountKey names an account to a Store.
func accountKey(a Account) string {
	return hashed(fmt.Sprintf("%d %s%s", len(a.Vendor), a.Vendor, a.Identity))
}

// hashed returns a name that does not show a text.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
