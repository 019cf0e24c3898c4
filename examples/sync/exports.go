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

// The job exports the contacts, and the activities of some months. An export of activities
// covers at most 31 days. Connectif queues five exports at a time, so the client holds some of
// these back until others are finished.
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

// newOrders returns the orders of a job that runs at now.
func newOrders(now time.Time) []order {
	orders := []order{{"contacts", ",", "ISO", nil}}
	end := now.Add(time.Hour)
	for range months {
		begin := end.Add(-month)
		orders = append(orders, order{"activities", ",", "ISO", &period{begin, end}})
		end = begin
	}
	return orders
}

func (o order) name() string {
	if o.Filters == nil {
		return o.ExportType
	}
	return fmt.Sprintf("%s until %s", o.ExportType, o.Filters.To.UTC().Format(time.DateOnly))
}

// exports are the files that were downloaded, by the name of their order.
type exports struct {
	mu     sync.Mutex
	byName map[string][]byte
}

// step orders exports, waits for them and downloads their files. An export may take until
// timeout.
func (e *exports) step(c *client.Client, timeout time.Duration) step {
	return step{name: "exports", workers: months + 1, records: func() []record {
		var records []record
		for _, o := range newOrders(time.Now()) {
			records = append(records, record{0, o.name(), o, func(ctx context.Context) error {
				var content bytes.Buffer
				err := export(ctx, c, o, timeout, &content)
				if err == nil {
					e.keep(o.name(), content.Bytes())
				}
				return err
			}})
		}
		return records
	}}
}

func (e *exports) keep(name string, content []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.byName[name] = content
}

// An exportStatus is Connectif's response about an export.
type exportStatus struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	FileURL string `json:"fileUrl"`
}

// export orders one export and writes its file to w.
func export(ctx context.Context, c *client.Client, o order, timeout time.Duration, w io.Writer) error {
	ordered, err := client.Do[exportStatus](ctx, c, client.Call{
		Method: http.MethodPost,
		Path:   "/exports/",
		Body:   o,
		// An order that was executed twice occupies a place in the queue. It does no other
		// harm.
		Options: client.CallOptions{Op: "exports.order", Repeatable: true},
	})
	if err != nil {
		return err
	}
	finished, err := awaitExport(ctx, c, ordered.ID, timeout)
	if err != nil {
		return err
	}
	return download(ctx, c, finished.FileURL, w)
}

// awaitExport polls an export until it is finished.
func awaitExport(ctx context.Context, c *client.Client, id string, timeout time.Duration) (exportStatus, error) {
	for end := time.Now().Add(timeout); time.Now().Before(end); {
		if err := sleep(ctx, time.Second); err != nil {
			return exportStatus{}, err
		}
		s, err := client.Do[exportStatus](ctx, c, client.Call{
			Path:    "/exports/" + url.PathEscape(id),
			Options: client.CallOptions{Op: "exports.poll"},
		})
		switch {
		case apierrors.Temporary(err): // poll again
		case err != nil, s.Status == "finished":
			return s, err
		case s.Status == "error":
			return s, errors.New("connectif could not make the export")
		}
	}
	return exportStatus{}, fmt.Errorf("the export was not finished within %v", timeout)
}

// maxParts is the maximum number of requests for one file.
const maxParts = 5

// download writes a file to w. After a truncated response, it requests the rest, unless the
// file has changed. The file is on another origin, to which the client does not send its
// credential.
func download(ctx context.Context, c *client.Client, fileURL string, w io.Writer) error {
	var received int64
	version := ""
	for part := 1; ; part++ {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, fileURL, nil)
		if err != nil {
			return err
		}
		if received > 0 {
			req.Header.Set("Range", fmt.Sprintf("bytes=%d-", received))
			req.Header.Set("If-Range", version)
		}
		n, etag, err := downloadPart(c, client.With(req, client.CallOptions{Op: "exports.download"}), w)
		received, version = received+n, etag
		if err == nil || part == maxParts || !errors.Is(err, errTruncated) {
			return err
		}
	}
}

var errTruncated = errors.New("the download was truncated")

// downloadPart copies one response to w. It returns its length and its ETag.
func downloadPart(c *client.Client, req *http.Request, w io.Writer) (n int64, etag string, err error) {
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
		err = fmt.Errorf("%w: %w", errTruncated, err)
	}
	return n, resp.Header.Get("ETag"), err
}
