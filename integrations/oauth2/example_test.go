package retrywiseoauth2_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/retrywise/retrywise/client"
	retrywiseoauth2 "github.com/retrywise/retrywise/integrations/oauth2"
	"github.com/retrywise/retrywise/retrywisetest"
)

func Example() {
	vendor := http.NewServeMux()
	vendor.HandleFunc("POST /oauth/token", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 3600}`)
	})
	vendor.HandleFunc("GET /contacts/7", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"name": "Ada", "by": %q}`, r.Header.Get("Authorization"))
	})
	srv, err := retrywisetest.Start(vendor)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()

	save := func(_ context.Context, token client.Token) error {
		fmt.Println("saved", token.Refresh) // such as in a database
		return nil
	}
	auth, err := retrywiseoauth2.RefreshToken(retrywiseoauth2.Config{
		TokenURL: srv.URL() + "/oauth/token", ClientID: "app", ClientSecret: "secret",
		Store: retrywiseoauth2.Keep(client.Token{Refresh: "refresh-1"}, save),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = auth.Close() }() // after the client
	c, err := client.New(client.Config{BaseURL: srv.URL(), Auth: auth})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	contact, err := client.Do[struct{ Name, By string }](context.Background(), c, client.Call{Path: "/contacts/7"})
	fmt.Println(contact, err)
	// Output:
	// saved refresh-2
	// {Ada Bearer access-2} <nil>
}
