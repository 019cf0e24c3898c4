package retrywise_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/vendors"
)

// githubConcurrency reads repositories, a hundred at a time. No response says anything about that
// limit.
func githubConcurrency() limitedJob {
	const took = 2 * time.Second
	a := &meteredAPI{
		slots: 100, takes: took,
		refuse: func(w http.ResponseWriter, _ *meter) {
			w.Header().Set("X-RateLimit-Remaining", "4000")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"message":"You have exceeded a secondary rate limit."}`)
		},
	}
	j := a.job(vendors.GitHub, 1000, 1000/100*(took+trip), client.Call{Path: "/repos/acme/shop", Options: patient})
	j.workers = 200
	return j
}

// zendeskIncremental exports tickets, ten times in any minute.
func zendeskIncremental() limitedJob {
	return zendesk("incremental-exports", 10).job(vendors.Zendesk, 40, 3*time.Minute+trip, client.Call{Path: "/api/v2/incremental/tickets/cursor", Options: patient})
}

// zendeskSearches exports searches, a hundred times in any minute.
func zendeskSearches() limitedJob {
	return zendesk("search-export", 100).job(vendors.Zendesk, 400, 3*time.Minute+trip, client.Call{Path: "/api/v2/search/export", Options: patient})
}

// zendesk is a fake of one endpoint of Zendesk, whose limit has a header with the limit's name.
func zendesk(name string, minute int) *meteredAPI {
	return &meteredAPI{
		meters: []*meter{{name: name, count: minute, per: time.Minute}},
		told: func(h http.Header, m *meter) {
			h.Set("Zendesk-RateLimit-"+m.name, fmt.Sprintf("total=%d; remaining=%d; resets=%d", m.count, m.left(), m.reset()))
		},
		refuse: func(w http.ResponseWriter, m *meter) {
			w.Header().Set("Retry-After", fmt.Sprint(m.reset()))
			w.WriteHeader(http.StatusTooManyRequests)
		},
	}
}

// slackChannels posts to four channels, one message a second in each.
func slackChannels() limitedJob {
	const channels, messages = 4, 120
	a := &meteredAPI{
		refuse: func(w http.ResponseWriter, m *meter) {
			w.Header().Set("Retry-After", fmt.Sprint(m.reset()))
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, `{"ok":false,"error":"ratelimited"}`)
		},
		body: func() string { return `{"ok":true}` },
	}
	return a.records(vendors.Slack, channels, &meter{count: 1, per: time.Second}, messages, messages/channels*(time.Second+trip), client.Call{
		Method: http.MethodPost, Path: "/api/chat.postMessage",
	})
}

// jiraIssues comments on three issues, 20 times in any two seconds on each.
func jiraIssues() limitedJob {
	const issues, comments = 3, 600
	a := &meteredAPI{
		refuse: func(w http.ResponseWriter, m *meter) {
			w.Header().Set("RateLimit-Reason", "jira-per-issue-on-write")
			w.Header().Set("Retry-After", fmt.Sprint(m.reset()))
			w.WriteHeader(http.StatusTooManyRequests)
		},
	}
	return a.records(vendors.Jira, issues, &meter{count: 20, per: 2 * time.Second}, comments, comments/issues/20*(2*time.Second+trip), client.Call{
		Method: http.MethodPost, Path: "/rest/api/3/issue/SHOP-1/comment",
	})
}

// records returns a job whose calls are about so many records in turn, each with a meter like m. The
// query names the record.
func (a *meteredAPI) records(vendor string, records int, m *meter, tasks int, allowed time.Duration, call client.Call) limitedJob {
	for i := range records {
		a.meters = append(a.meters, &meter{count: m.count, per: m.per, record: fmt.Sprint(i)})
	}
	j := a.job(vendor, tasks, allowed, call)
	j.task = func(ctx context.Context, c *client.Client, i int) error {
		of := fmt.Sprint(i % records)
		call := call
		call.Query = map[string][]string{"record": {of}}
		call.Options = client.CallOptions{MaxWait: patient.MaxWait, RecordKey: of}
		_, err := do[struct{}](ctx, c, call)
		return err
	}
	return j
}
