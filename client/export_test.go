package client

// SetRandom replaces the random number of waits, from 0 to 1.
func (c *Client) SetRandom(random float64) { c.random = func() float64 { return random } }

// UnsendableTexts are the texts of net/http's errors that no retry can cure, with a sentence
// for each.
var UnsendableTexts = unsendableTexts

// Remembered returns how many responses Check knows.
func (c *Client) Remembered() int {
	n := 0
	c.checked.byResponse.Range(func(any, any) bool { n++; return true })
	return n
}
