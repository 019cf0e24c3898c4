package client

// SetRandom fixes what spreads the waits.
func (c *Client) SetRandom(random float64) { c.random = func() float64 { return random } }

// PermanentTexts are net/http's errors that no retry can cure.
var PermanentTexts = permanentTexts

// Remembered is how many answers Check knows.
func (c *Client) Remembered() int {
	n := 0
	c.checked.byResponse.Range(func(any, any) bool { n++; return true })
	return n
}
