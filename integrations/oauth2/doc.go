// Package retrywiseoauth2 makes a client.Auth whose access tokens come from a token endpoint of
// OAuth 2.0, by golang.org/x/oauth2. It has three flows: ClientCredentials (RFC 6749, section 4.4),
// RefreshToken (section 6) for an authorization that was given elsewhere, and JWTBearer (RFC 7523),
// such as for Salesforce and service accounts of Google.
//
//	vendor, err := vendors.Lookup(vendors.HubSpot)
//	...
//	auth, err := retrywiseoauth2.RefreshToken(retrywiseoauth2.Config{
//		Vendor: vendor, ClientID: id, ClientSecret: secret, Store: tokens,
//	})
//	...
//	defer auth.Close() // after the client
//	c, err := client.New(client.Config{Vendor: vendor, Auth: auth, Traffic: fleet})
//
// # When a token is renewed
//
// When the vendor rejects it, and before it expires: in the last tenth of its life, at most 5 minutes
// early, at another moment in each process. Meanwhile calls go on with the token. A token that was
// rejected is not sent again, unless that happens in this last part of its life and the token endpoint
// fails; that is a difference to oauth2.ReuseTokenSource, which returns a revoked token until it
// expires.
//
// When a token expires is in the response (expires_in). If it is not, Config.Lifetime or the vendor's
// file says how long a token is good.
//
// # Failures
//
// A token endpoint that fails (5xx, 429, no response) is asked again, up to four times in 15 s. Then
// the calls that need a token fail with the class of that failure, which is temporary: rate_limited
// with its RetryAt, server_error, timeout or network. A grant that is refused, such as with
// invalid_grant or invalid_client, is authentication: a person has to act, and the error wraps
// client.ErrRefused. No error has a text of the response, but a code.
//
// # Refresh tokens that rotate
//
// Many vendors issue another refresh token with each access token, and some revoke all tokens if one
// is used twice. So the next token is saved in Config.Store before it is used. If that fails, the
// call fails, temporarily; the token is kept in memory and saved again each second, and no process
// of the fleet renews meanwhile.
//
// Several processes need a Store that they share, and a client.Config.Traffic that they share: then
// one of them renews, and the others load its token. While the server of Traffic is out of reach,
// each process may renew.
//
// If the response to a refresh token is lost, that token is sent again, as there is no other one. A
// vendor that has executed the first request and forgives nothing then refuses the grant. The same
// happens if a process is killed after a response and before the Store has saved it.
package retrywiseoauth2
