package retrywisetest_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/retrywisetest"
)

func TestAppliedOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		executed, keys []string
		want           []string
	}{
		"each once":          {[]string{"a", "b"}, []string{"a", "b"}, nil},
		"one lost":           {[]string{"a"}, []string{"a", "b"}, []string{"b was not executed; want once"}},
		"one twice":          {[]string{"a", "b", "a"}, []string{"a", "b"}, []string{"a was executed 2 times; want once"}},
		"another":            {[]string{"a", "c"}, []string{"a"}, []string{"c was executed, and is none of the keys"}},
		"no keys, and none":  {nil, nil, nil},
		"no keys, one twice": {[]string{"a", "a"}, nil, []string{"a was executed 2 times; want once"}},
	} {
		t.Run(name, func(t *testing.T) {
			var ledger retrywisetest.Ledger
			for _, key := range tt.executed {
				ledger.Record(key, nil)
			}
			var got fakeT
			retrywisetest.AppliedOnce(&got, &ledger, tt.keys...)
			if diff := cmp.Diff(tt.want, got.failures); diff != "" {
				t.Errorf("reported (-want +got):\n%s", diff)
			}
		})
	}
}

// An event has a secret in a field.
type event struct{ Key string }

// A logged value prints otherwise in a log.
type logged struct{}

func (logged) LogValue() slog.Value { return slog.StringValue("token s3cr3t/token!") }

func TestNothingLeaked(t *testing.T) {
	const secret = "s3cr3t/token!"
	srv := retrywisetest.Handle(t, retrywisetest.Status(204))
	clean := retrywisetest.Handle(t, retrywisetest.Status(204))
	mustDo(t, clean, "POST", "/", "nothing")
	if _, err := do(t.Context(), srv, "POST", "/", "x", "Cookie", "a="+secret); err != nil {
		t.Fatal(err)
	}
	encoded := func(before string) string { return base64.StdEncoding.EncodeToString([]byte(before + secret + "@")) }
	for name, tt := range map[string]struct {
		place any
		want  string
	}{
		"a text":                {"token: " + secret, "as it is"},
		"bytes":                 {[]byte(secret), "as it is"},
		"an error":              {fmt.Errorf("get: %w", errors.New(secret)), "as it is"},
		"an event":              {event{secret}, "as it is"},
		"a pointer to an event": {&event{secret}, "as it is"},
		"a log":                 {bytes.NewBufferString("level=INFO token=" + secret), "as it is"},
		"a value for a log":     {logged{}, "as it is"},
		"a request":             {srv, "as it is"},
		"a URL":                 {"https://x.example/?token=" + url.QueryEscape(secret), "escaped"},
		"base64":                {encoded(""), "in base64"},
		"base64, one before":    {encoded("a"), "in base64"},
		"base64, two before":    {encoded("ab"), "in base64"},
		"base64, three before":  {encoded("abc"), "in base64"},
		"another text":          {"token: [masked]", ""},
		"another request":       {clean, ""},
		"nothing":               {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got fakeT
			retrywisetest.NothingLeaked(&got, []string{"", secret}, tt.place)
			var want []string
			if tt.want != "" {
				want = []string{fmt.Sprintf("secret 2 of 2 leaked into a %T: %s", tt.place, tt.want)}
			}
			if diff := cmp.Diff(want, got.failures); diff != "" {
				t.Errorf("reported (-want +got):\n%s", diff)
			}
			if strings.Contains(strings.Join(got.failures, " "), secret) {
				t.Error("the failure has the secret")
			}
		})
	}
}
