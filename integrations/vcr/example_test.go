package vcr_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/integrations/vcr"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A call is recorded with its retry, and played again without a server. In a test, New takes the
// place of Play, and a file under testdata that of the temporary one.
func Example() {
	api, err := retrywisetest.Start(retrywisetest.Script(
		retrywisetest.Status(503, "Retry-After", "0"),
		retrywisetest.JSON(200, `{"email":"ana@shop-of-ana.com","session_token":"5ca1ab1e"}`),
	))
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "contacts")

	rec, err := vcr.Record(file, vcr.Options{Transport: api.Transport()})
	if err != nil {
		fmt.Println(err)
		return
	}
	fetch(api.URL(), rec)
	if err := rec.Close(); err != nil {
		fmt.Println(err)
	}
	api.Close()

	play, err := vcr.Play(file, vcr.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fetch(api.URL(), play)
	text, err := os.ReadFile(file + ".yaml")
	fmt.Println("the file has the token:", strings.Contains(string(text), "5ca1ab1e"), err)
	// Output:
	// 2 attempts: map[email:ana@shop-of-ana.com session_token:5ca1ab1e] <nil>
	// 2 attempts: map[email:masked@example.com session_token:masked] <nil>
	// the file has the token: false <nil>
}

func fetch(url string, transport *vcr.Recorder) {
	c, err := client.New(client.Config{BaseURL: url, Transport: transport, Auth: client.Bearer("s3cr3t")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	resp, err := client.DoResponse[map[string]string](context.Background(), c, client.Call{Path: "/contacts/42"})
	fmt.Println(len(resp.Attempts), "attempts:", resp.Value, err)
}
