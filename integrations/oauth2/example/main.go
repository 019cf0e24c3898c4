// Command example runs a job whose access token expires, rotates and is revoked, on a vendor and a
// token endpoint that it starts itself.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/retrywise/retrywise/client"
	retrywiseoauth2 "github.com/retrywise/retrywise/integrations/oauth2"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const records = 30

// run delivers records, and prints what happened.
func run(ctx context.Context, out io.Writer) error {
	v, err := open(ctx, out)
	if err != nil {
		return err
	}
	defer v.close()
	save := func(_ context.Context, token client.Token) error { // such as in a database
		fmt.Fprintln(out, "job:    saved", token)
		return nil
	}
	auth, err := retrywiseoauth2.RefreshToken(retrywiseoauth2.Config{
		TokenURL: v.url + "/oauth/token", ClientID: "app", ClientSecret: "secret",
		Store: retrywiseoauth2.Keep(client.Token{Refresh: "refresh-0"}, save),
	})
	if err != nil {
		return err
	}
	defer func() { _ = auth.Close() }()
	c, err := client.New(client.Config{BaseURL: v.url, Auth: auth})
	if err != nil {
		return err
	}
	defer c.Close()
	delivered, err := deliver(ctx, c, v)
	fmt.Fprintf(out, "job:    %d of %d records delivered\n", delivered, records)
	v.report(out)
	return err
}

// deliver sends the records. The vendor revokes the token in the middle.
func deliver(ctx context.Context, c *client.Client, v *vendor) (delivered int, err error) {
	for n := range records {
		if n == records/2 {
			v.revoke()
		}
		call := client.Call{Method: http.MethodPost, Path: "/contacts", Body: map[string]int{"id": n}}
		if _, err := client.Do[struct{}](ctx, c, call); err != nil {
			return delivered, err
		}
		delivered++
		time.Sleep(50 * time.Millisecond) // so that tokens expire
	}
	return delivered, nil
}
