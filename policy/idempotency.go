package policy

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/enum"
)

// An Idempotency is where a vendor honors idempotency keys, and how. The zero Idempotency is
// that of a vendor that honors none.
type Idempotency struct {
	// Header is the request header of the key. Empty means that the vendor honors no keys.
	Header string

	// Methods are HTTP methods in upper case, and Paths are patterns as in Match.Paths. The
	// vendor honors the keys of the requests that both select. Nil stands for all.
	Methods []string `yaml:"methods,nonempty"`
	Paths   []string `yaml:"path,nonempty"`

	// Form is the form that a key must have. KeyFormNone, the zero value, allows any text.
	Form KeyForm `yaml:"form"`

	// MaxLength is how many bytes a key may have. Zero means any number.
	MaxLength int `yaml:"max_length,positive"`

	// Lifetime is how long the vendor knows a key after its first request. Then a repeat is a
	// new request, so a call is not retried any more. Zero means that this is not known.
	Lifetime time.Duration `yaml:"lifetime,positive"`

	// Replays are the statuses of failures that the vendor stores under the key, and returns
	// to each later request with it. A retry cannot help then. A failure that proves that the
	// request was not executed is not stored.
	Replays []StatusRange `yaml:"replays,nonempty"`

	// ReplayPaths are patterns as in Match.Paths, for the requests whose failures are stored. Nil
	// stands for all with a key.
	ReplayPaths []string `yaml:"replays_path,nonempty"`
}

// Covers reports whether the vendor honors the key of a request; see Match.Paths.
func (i Idempotency) Covers(method, path string) bool {
	return i.Header != "" && matchesRequest(i.Methods, i.Paths, method, path)
}

// ReplaysOf returns those of i.Replays that the vendor stores for requests to a path.
func (i Idempotency) ReplaysOf(path string) []StatusRange {
	if !matchesRequest(nil, i.ReplayPaths, "", path) {
		return nil
	}
	return i.Replays
}

// KeyProblem says what is wrong with a key, in words that do not hold it; empty: nothing is.
func (i Idempotency) KeyProblem(key string) string {
	switch {
	case i.MaxLength > 0 && len(key) > i.MaxLength:
		return fmt.Sprintf("it is longer than %d bytes", i.MaxLength)
	case i.Form == KeyUUID && !uuidForm.MatchString(key):
		return "it is not a UUID, such as client.KeyFor returns"
	default:
		return ""
	}
}

// Problems returns what is wrong with i, a sentence for each problem. For tools that read it
// from files: it leaves out what the tags say.
func (i Idempotency) Problems() []string {
	problems := slices.Concat(requestProblems(i.Methods, i.Paths), requestProblems(nil, i.ReplayPaths))
	if i.ReplayPaths != nil && i.Replays == nil {
		problems = append(problems, "replays_path has no effect without replays")
	}
	return problems
}

// A KeyForm is the form of idempotency keys.
type KeyForm uint8

// The forms. The zero value, KeyFormNone, is unset.
const (
	KeyFormNone KeyForm = iota
	KeyUUID             // as in RFC 9562, in hexadecimal digits with hyphens
)

var (
	keyForms = enum.Set[KeyForm]{Kind: "form of keys", Names: []string{KeyFormNone: enum.None, KeyUUID: "uuid"}}
	uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// String returns the name of f, such as "uuid".
func (f KeyForm) String() string { return keyForms.Text(f) }

// MarshalText returns the name of f. It returns an error if f is not in the set.
func (f KeyForm) MarshalText() ([]byte, error) { return keyForms.Marshal(f) }

// UnmarshalText sets f to the form called text.
func (f *KeyForm) UnmarshalText(text []byte) error { return keyForms.Unmarshal(f, text) }

// replays reports whether the vendor returns the failure f, for which r is the rule, to each
// retry with the same key.
func (s State) replays(f Failure, r Rule) bool {
	isStored := func(statuses StatusRange) bool { return statuses.Contains(f.Status) }
	return s.HasKey && valueOf(r.Applied) != apierrors.AppliedNo && slices.ContainsFunc(s.KeyReplays, isStored)
}

// replayHint is about a failure that the vendor stored.
const replayHint = "The vendor returns this failure to each request with the same idempotency key: " +
	"find out whether the request was executed before you send it with another key. "

// withinKey ends a call whose key the vendor no longer knows when the call is repeated, here or
// later. Only the key may prove that the repeat is safe: then there is no later run either.
func (p Policy) withinKey(d Decision, r Rule, s State) Decision {
	if wait := max(d.Delay, d.RetryIn); s.KeyLeft == 0 || wait < s.KeyLeft {
		return d
	}
	s.HasKey = false
	isSafe := d.Applied == apierrors.AppliedNo || p.mayRepeat(Rule{RepeatUnsafe: r.RepeatUnsafe}, s)
	switch {
	case !isSafe && (d.RetryIn > 0 || slices.Contains(repeating, d.Action)):
		return stopped(d.ended(), apierrors.StopUnsafe)
	case d.Retry:
		if d.RetryIn = d.Delay; d.Action == apierrors.Throttle {
			d.Action = apierrors.Defer
		}
		return stopped(d.ended(), apierrors.StopMaxWait)
	default:
		return d
	}
}

// ended returns d without a retry.
func (d Decision) ended() Decision {
	d.Retry, d.Free, d.Delay = false, false, 0
	return d
}
