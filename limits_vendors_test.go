package retrywise_test

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

// rdstationContacts patches many contacts, 120 a minute.
func rdstationContacts() limitedJob { return rdstationJob(1200, 1, 10*time.Minute) }

// rdstationOneContact patches ten contacts 48 times each, 24 times a day. The data have that
// limit, but it is off.
func rdstationOneContact() limitedJob {
	j := rdstationJob(10*48, 48, 24*time.Hour+2*time.Minute)
	j.policy = inForce("lead", func(*policy.Limit) {})
	return j
}

// rdstationJob patches each contact so many times.
func rdstationJob(tasks, times int, allowed time.Duration) limitedJob {
	rd := testserver.NewRDStation(testserver.Service{})
	executed := func() (n int) {
		for i := range tasks / times {
			n += rd.Executed(address(i))
		}
		return n
	}
	return limitedJob{
		vendor: vendors.RDStation, fake: rd, auth: fixed(client.Bearer(rd.Token())),
		tasks: tasks, allowed: allowed, executed: executed, statuses: rd.Statuses,
		task: func(ctx context.Context, c *client.Client, i int) error {
			contact := address(i % (tasks / times))
			_, err := do[struct{}](ctx, c, client.Call{
				Method: http.MethodPatch, Path: "/platform/contacts/email:" + contact, Body: map[string]any{"cf_change": i},
				Options: client.CallOptions{RecordKey: contact},
			})
			return err
		},
	}
}

// playableHour lists campaigns for three hours. The data spread the calls of an hour over it.
func playableHour() limitedJob {
	const hours = 3
	j, p := playableJob(hours*3600, hours*time.Hour)
	j.task = func(ctx context.Context, c *client.Client, _ int) error {
		_, err := do[struct{}](ctx, c, client.Call{Path: "/v1/campaigns"})
		return err
	}
	j.executed = func() int { return p.Statuses()[http.StatusOK] - p.Renewals() }
	return j
}

// patient is for calls that wait in the client as long as it takes: those that are deferred at a
// window all get the same time to run again, at which all but one are deferred once more.
var patient = client.CallOptions{MaxWait: new(24 * time.Hour)}

// playableAction performs an action on campaign 7.
func playableAction(action string, tasks int, allowed time.Duration) func() limitedJob {
	return func() limitedJob {
		j, p := playableJob(tasks, allowed)
		j.task = func(ctx context.Context, c *client.Client, _ int) error {
			_, err := do[struct{}](ctx, c, client.Call{Method: http.MethodPost, Path: "/v1/campaign/7/" + action, Options: patient})
			return err
		}
		j.executed = p.Actions().Total
		return j
	}
}

// playableStatistics reads the statistics of campaign 7, once a minute.
func playableStatistics() limitedJob {
	j, p := playableJob(20, 19*time.Minute)
	j.task = func(ctx context.Context, c *client.Client, _ int) error {
		_, err := do[struct{}](ctx, c, client.Call{Path: "/v1/campaign/7/game-data-statistics", Options: patient})
		return err
	}
	j.executed = func() int { return p.Statuses()[http.StatusOK] - p.Renewals() }
	return j
}

// playableCopies copies campaign 7, ten times a minute.
func playableCopies() limitedJob {
	j, p := playableJob(100, 9*time.Minute)
	j.task = func(ctx context.Context, c *client.Client, i int) error {
		_, err := do[struct{}](ctx, c, client.Call{
			Method: http.MethodPost, Path: "/v1/campaign/copy/7", Body: map[string]string{"name": fmt.Sprintf("Copy %d", i)}, Options: patient,
		})
		return err
	}
	j.executed = p.Copies().Total
	return j
}

// playableJob returns a job without its tasks, and its fake, which has campaign 7.
func playableJob(tasks int, allowed time.Duration) (limitedJob, *testserver.Playable) {
	p := testserver.NewPlayable(testserver.Service{})
	p.AddCampaign(7, "Spring", 20)
	return limitedJob{
		vendor: vendors.Playable, fake: p, auth: playableAuth, tasks: tasks, allowed: allowed, statuses: p.Statuses,
	}, p
}

// playableAuth fetches tokens, which are valid for an hour.
func playableAuth(t *testing.T, srv *retrywisetest.Server) client.Auth {
	logins, err := client.New(client.Config{Vendor: mustLookup(t, vendors.Playable), BaseURL: srv.URL(), Transport: srv.Transport()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = logins.Close() })
	return client.RenewableBearer("", func(ctx context.Context) (string, time.Time, error) {
		token, err := client.Do[struct {
			AccessToken string `json:"access_token"`
			ExpiresIn   int    `json:"expires_in"`
		}](ctx, logins, client.Call{Method: http.MethodPost, Path: "/oauth/token", Body: map[string]string{
			"grant_type": "client_credentials", "client_id": testserver.PlayableClientID, "client_secret": testserver.PlayableClientSecret,
		}})
		return token.AccessToken, time.Now().Add(time.Duration(token.ExpiresIn) * time.Second), err
	})
}

// connectifTask is how long the fake processes an export or an import. It processes one at a
// time.
const connectifTask = 5 * time.Second

// connectifExports orders exports, five of which may be queued.
func connectifExports() limitedJob {
	j, cf := connectifJob(60)
	j.executed = cf.Exports().Total
	j.task = func(ctx context.Context, c *client.Client, _ int) error {
		order := map[string]string{"exportType": "contacts", "delimiter": ",", "dateFormat": "ISO"}
		return connectifOrder(ctx, c, client.Call{Method: http.MethodPost, Path: "/exports/", Body: order})
	}
	return j
}

// connectifImports orders imports, ten of which may be queued.
func connectifImports() limitedJob {
	j, cf := connectifJob(60)
	j.executed = cf.Imports().Total
	j.task = func(ctx context.Context, c *client.Client, i int) error {
		return connectifOrder(ctx, c, fileCall("/imports/", fmt.Sprintf("%d.csv", i), "email\n"+address(i)+"\n"))
	}
	return j
}

// connectifJob returns a job without its tasks, and its fake.
func connectifJob(tasks int) (limitedJob, *testserver.Connectif) {
	cf := testserver.NewConnectif(testserver.Service{})
	cf.SetExportTime(connectifTask)
	cf.SetImportTime(connectifTask)
	key := client.APIKey("Authorization", "apiKey "+testserver.ConnectifKeyID+":"+testserver.ConnectifKeySecret)
	return limitedJob{
		vendor: vendors.Connectif, fake: cf, auth: fixed(key),
		tasks: tasks, allowed: time.Duration(tasks) * connectifTask, statuses: cf.Statuses,
	}, cf
}

// connectifOrder makes a call that orders an export or an import, and polls that until it is
// finished.
func connectifOrder(ctx context.Context, c *client.Client, call client.Call) error {
	type job struct{ ID, Status string }
	j, err := do[job](ctx, c, call)
	for err == nil && j.Status != "finished" {
		if err = sleepUntil(ctx, time.Now().Add(time.Second)); err == nil {
			j, err = do[job](ctx, c, client.Call{Path: call.Path + j.ID})
		}
	}
	return err
}

// customergaugeUploads uploads files, one at a time, each of which takes three seconds.
func customergaugeUploads() limitedJob {
	const tasks, upload = 60, 3 * time.Second
	cg := testserver.NewCustomerGauge(testserver.Service{Latency: upload})
	return limitedJob{
		vendor: vendors.CustomerGauge, fake: cg, auth: fixed(client.APIKey("Authorization", "api_key "+testserver.CustomerGaugeKey)),
		tasks: tasks, allowed: tasks * upload, executed: cg.Uploads().Total, statuses: cg.Statuses,
		task: func(ctx context.Context, c *client.Client, i int) error {
			content := fmt.Sprintf("number_customergauge,email\n%d,%s\n", i, address(i))
			_, err := do[struct{}](ctx, c, fileCall("/v4.1/file/transactional.json", fmt.Sprintf("%d.csv", i), content))
			return err
		},
		check: func(t *testing.T) {
			if n := cg.PeakUploads(); n != 1 {
				t.Errorf("%d uploads at the same time; want 1", n)
			}
		},
	}
}

// fileCall returns a call that posts a file.
func fileCall(path, name, content string) client.Call {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, _ := form.CreateFormFile("file", name) // never fails: every write to a buffer succeeds
	_, _ = part.Write([]byte(content))
	_ = form.Close()
	return client.Call{
		Method: http.MethodPost, Path: path, Body: body.Bytes(),
		Header: http.Header{"Content-Type": {form.FormDataContentType()}},
	}
}
