package retrywiseredis

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/retrywise/retrywise/traffic"
)

//go:embed exchange.lua
var script string

// A Client runs scripts on a server. GoRedis makes one of go-redis; the package comment has one for
// rueidis and one for valkey-go. Its method is safe for concurrent use.
type Client interface {
	// Eval runs a script by EVALSHA or, if the server does not know it, by EVAL. It returns an int64
	// for a number, a string, or an []any of these. It ends at the deadline of ctx, and does not
	// repeat a script that may have run.
	Eval(ctx context.Context, script string, keys, args []string) (any, error)
}

// Options are options of a Store.
type Options struct {
	// Prefix is what names of keys begin with. Fleets that share a server and are to have nothing
	// in common have prefixes that differ. It has no braces. Empty: "retrywise:".
	Prefix string

	// Timeout bounds an Exchange, and New. Zero means 1 s.
	Timeout time.Duration
}

// A Store is a traffic.Store on Redis or Valkey. Make one with New. It is safe for concurrent use,
// and nothing has to be closed but the client below it, which stays the caller's.
type Store struct {
	client  Client
	prefix  string
	timeout time.Duration
	now     func() time.Time // of tests; nil: the server's clock
}

var _ traffic.Store = (*Store)(nil)

// format is part of each key. Another one begins when what is kept of a key changes, so that two
// versions of this package do not read each other's.
const format = "1:"

// New returns a Store on a server, and makes one Exchange of an account that does not exist. It
// fails if that does: for a wrong address, password or TLS setting, a replica, or a user who may
// not run scripts or write the keys.
func New(ctx context.Context, client Client, o Options) (*Store, error) {
	s := &Store{client: client, prefix: o.Prefix, timeout: o.Timeout}
	if s.prefix == "" {
		s.prefix = "retrywise:"
	}
	if s.timeout == 0 {
		s.timeout = time.Second
	}
	var problems []error
	if client == nil {
		problems = append(problems, errors.New("retrywiseredis: there is no client"))
	}
	if strings.ContainsAny(s.prefix, "{}") {
		problems = append(problems, fmt.Errorf("retrywiseredis: prefix %q has a brace, which would decide on the slot of a cluster", s.prefix))
	}
	if s.timeout < 0 {
		problems = append(problems, fmt.Errorf("retrywiseredis: timeout %v is negative", s.timeout))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if _, err := s.Exchange(ctx, traffic.Exchange{Account: "none", Process: "none"}); err != nil {
		return nil, fmt.Errorf("retrywiseredis: the server cannot be used: %w%s", err, hint(err))
	}
	return s, nil
}

// hint says what an error may be about that does not say it.
func hint(err error) string {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return " (does the server expect TLS?)"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return " (is the address right, and does the server use TLS?)"
	default:
		return ""
	}
}

// Exchange implements traffic.Store. It ends at the deadline of ctx or after Options.Timeout,
// whichever is earlier. Its errors are those of the client and the server, or that the reply is not
// one of the script.
func (s *Store) Exchange(ctx context.Context, x traffic.Exchange) (traffic.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	text, err := encode(x)
	if err != nil {
		return traffic.Result{}, err
	}
	args := []string{text}
	if s.now != nil {
		args = append(args, strconv.FormatInt(s.now().UnixMicro(), 10))
	}
	reply, err := s.client.Eval(ctx, script, s.keys(x), args)
	if err != nil {
		return traffic.Result{}, err
	}
	return decode(reply)
}

// keys names what an Exchange is about. All keys of an account are in one slot of a cluster.
func (s *Store) keys(x traffic.Exchange) []string {
	account := s.prefix + format + "{" + x.Account + "}"
	keys := make([]string, 0, 1+len(x.Limits)+len(x.Outages))
	keys = append(keys, account)
	for _, take := range x.Limits {
		keys = append(keys, account+":limit:"+take.Limit)
	}
	for _, sight := range x.Outages {
		keys = append(keys, account+":outage:"+sight.Endpoint)
	}
	return keys
}
