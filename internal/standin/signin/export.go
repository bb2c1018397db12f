package signin

import (
	"encoding/json"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/deepjson"
)

// exportedSignIn is what an export holds of signing in.
type exportedSignIn struct {
	used     map[string]time.Time
	metadata map[string]cachedMetadata
}

// Export returns which invitations were tried and what Actions see of
// organizations, for ReadExport. It needs the world's lock.
func (si *SignIn) Export() (json.RawMessage, error) {
	return deepjson.Marshal(&exportedSignIn{used: si.used, metadata: si.metadata})
}

// ReadExport reads what Export wrote and returns what puts signing in back there
// and ends the sign-ins under way. That needs the world's lock.
func (si *SignIn) ReadExport(raw json.RawMessage) (restore func(), err error) {
	var in exportedSignIn
	if err := deepjson.Unmarshal(raw, &in); err != nil {
		return nil, err
	}
	return func() {
		si.transactions, si.assertions = map[string]*transaction{}, map[string]*assertion{}
		si.authorizations, si.starts = map[string]*authorization{}, map[string]*appStart{}
		si.used, si.metadata = in.used, in.metadata
	}, nil
}
