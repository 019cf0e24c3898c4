// Command example records a job of two calls, shows the file, and plays it again, without a server.
//
//	go -C integrations/vcr run ./example
//
// Without flags, the server is a stand-in. With -url, it is the API at that URL, whose token is
// in the environment as TOKEN.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/integrations/vcr"
	"github.com/retrywise/retrywise/retrywisetest"
)

func main() {
	url := flag.String("url", "", "an API; empty: a server of this program")
	path := flag.String("path", "/contacts", "what to get")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *url, *path); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer, url, path string) error {
	token := os.Getenv("TOKEN")
	if url == "" {
		api, err := retrywisetest.Start(retrywisetest.Script(
			retrywisetest.Status(http.StatusServiceUnavailable, "Retry-After", "1"),
			retrywisetest.JSON(http.StatusOK, `{"owner":"ana@shop-of-ana.com","session_token":"5ca1ab1e"}`),
		))
		if err != nil {
			return err
		}
		defer api.Close()
		url, token = api.URL(), "s3cr3t"
	}
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "recording")
	if err := record(ctx, w, file, url, path, token); err != nil {
		return err
	}
	play, err := vcr.Play(file, vcr.Options{Secrets: []string{token}})
	if err != nil {
		return err
	}
	return get(ctx, w, "played", play, url, path, "another token")
}

// record makes a call that is recorded, and shows the file.
func record(ctx context.Context, w io.Writer, file, url, path, token string) error {
	rec, err := vcr.Record(file, vcr.Options{Secrets: []string{token}})
	if err != nil {
		return err
	}
	if err := get(ctx, w, "recorded", rec, url, path, token); err != nil {
		return err
	}
	if err := rec.Close(); err != nil {
		return err
	}
	text, err := os.ReadFile(file + ".yaml")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s\n", text)
	return nil
}

// get makes a call and prints how it went.
func get(ctx context.Context, w io.Writer, how string, transport http.RoundTripper, url, path, token string) error {
	c, err := client.New(client.Config{BaseURL: url, Transport: transport, Auth: client.Bearer(token)})
	if err != nil {
		return err
	}
	defer c.Close()
	resp, err := client.DoResponse[any](ctx, c, client.Call{Path: path})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s, %d attempts: %v\n", how, len(resp.Attempts), resp.Value)
	return nil
}
