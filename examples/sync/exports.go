package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
)

// What the job exports: the contacts, and the activities of some months. An export of
// activities covers 31 days at most. These are more than the five that Connectif queues
// at a time, so some are told to come again later.
const (
	month  = 31 * 24 * time.Hour
	months = 6
)

// An order asks Connectif for an export.
type order struct {
	ExportType string  `json:"exportType"`
	Delimiter  string  `json:"delimiter"`
	DateFormat string  `json:"dateFormat"`
	Filters    *period `json:"filters,omitempty"` // of activities
}

type period struct {
	From time.Time `json:"fromDate"`
	To   time.Time `json:"toDate"`
}

// orders are those of a job that runs at now.
func orders(now time.Time) []order {
	all := []order{{"contacts", ",", "ISO", nil}}
	end := now.Add(time.Hour)
	for range months {
		begin := end.Add(-month)
		all = append(all, order{"activities", ",", "ISO", &period{begin, end}})
		end = begin
	}
	return all
}

func (o order) name() string {
	if o.Filters == nil {
		return o.ExportType
	}
	return fmt.Sprintf("%s until %s", o.ExportType, o.Filters.To.UTC().Format(time.DateOnly))
}

// exports keeps the files that were fetched, by the name of their order.
type exports struct {
	mu     sync.Mutex
	byName map[string][]byte
}

// exportStep orders exports, waits for them and fetches their files.
func (x *exports) exportStep(c *client.Client, patience time.Duration) step {
	return step{name: "exports", workers: months + 1, records: func() []record {
		var records []record
		for _, o := range orders(time.Now()) {
			records = append(records, record{0, o.name(), o, func(ctx context.Context) error {
				var content bytes.Buffer
				err := export(ctx, c, o, patience, &content)
				if err == nil {
					x.keep(o.name(), content.Bytes())
				}
				return err
			}})
		}
		return records
	}}
}

func (x *exports) keep(name string, content []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.byName[name] = content
}

// A ticket is what Connectif tells of an export.
type ticket struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	FileURL string `json:"fileUrl"`
}

// export orders one export and writes its file to w.
func export(ctx context.Context, c *client.Client, o order, patience time.Duration, w io.Writer) error {
	t, err := client.Do[ticket](ctx, c, client.Call{
		Method: http.MethodPost, Path: "/exports/", Body: o,
		// An order that was lost takes a place in the queue for a while, and does no
		// other harm.
		Options: client.CallOptions{Op: "exports.order", Repeatable: true},
	})
	if err != nil {
		return err
	}
	if t, err = finished(ctx, c, t, patience); err != nil {
		return err
	}
	return download(ctx, c, t.FileURL, w)
}

// finished asks for an export until its file is there.
func finished(ctx context.Context, c *client.Client, t ticket, patience time.Duration) (ticket, error) {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if err := sleep(ctx, time.Second); err != nil {
			return t, err
		}
		now, err := client.Do[ticket](ctx, c, client.Call{
			Path: "/exports/" + url.PathEscape(t.ID), Options: client.CallOptions{Op: "exports.poll"},
		})
		switch {
		case apierrors.Temporary(err): // ask again
		case err != nil, now.Status == "finished":
			return now, err
		case now.Status == "error":
			return now, errors.New("connectif could not make the export")
		}
	}
	return t, fmt.Errorf("the export was not finished within %v", patience)
}

// maxCuts is how often a file is gone on with.
const maxCuts = 4

// download streams a file to w. It lies on another origin, where the client takes no
// credential. After a cut, the download goes on where it stopped, if the file is still
// the same.
func download(ctx context.Context, c *client.Client, address string, w io.Writer) error {
	var have int64
	version := ""
	for cuts := 0; ; cuts++ {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		if have > 0 {
			req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
			req.Header.Set("If-Range", version)
		}
		n, tag, err := fetch(c, client.With(req, client.CallOptions{Op: "exports.download"}), w)
		have, version = have+n, tag
		if err == nil || cuts == maxCuts || !errors.Is(err, errCut) {
			return err
		}
	}
}

var errCut = errors.New("the download broke off")

// fetch copies one answer to w, and tells how much of it came and of which version.
func fetch(c *client.Client, req *http.Request, w io.Writer) (n int64, version string, err error) {
	resp, err := c.Send(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	if req.Header.Get("Range") != "" && resp.StatusCode != http.StatusPartialContent {
		return 0, "", errors.New("the file has changed since the download began")
	}
	n, err = io.Copy(w, resp.Body)
	if err != nil {
		err = fmt.Errorf("%w: %w", errCut, err)
	}
	return n, resp.Header.Get("ETag"), err
}
