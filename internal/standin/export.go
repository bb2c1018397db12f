package standin

import (
	"encoding/json"
	"errors"
	"fmt"
)

// exportFormat tells exports from other JSON.
const exportFormat = "seatwarden stand-in"

// export is the JSON of an export: what each room holds, as of package deepjson.
type export struct {
	Format string          `json:"format"`
	World  json.RawMessage `json:"world"`
	Gate   json.RawMessage `json:"gate"`
	SignIn json.RawMessage `json:"sign_in"`
}

// Export returns all that the stand-in holds as JSON, for Restore: tenants with
// sessions, tokens and what lagging reads still show, settings, the signing
// key, the clock's offset, mails, secrets and what is left of the limits. It
// leaves out faults, the audit log and sign-ins under way. The JSON is for the
// same version of the stand-in and holds every secret in the clear.
func (s *Server) Export() ([]byte, error) {
	s.world.Lock()
	defer s.world.Unlock()
	out := export{Format: exportFormat}
	for _, part := range []struct {
		into *json.RawMessage
		from func() (json.RawMessage, error)
	}{{&out.World, s.world.Export}, {&out.Gate, s.Gate.Export}, {&out.SignIn, s.signIn.Export}} {
		raw, err := part.from()
		if err != nil {
			return nil, fmt.Errorf("export: %w", err)
		}
		*part.into = raw
	}
	return json.Marshal(out)
}

// Restore puts the stand-in back to where it was at an Export, of itself or of
// another one with the same domains; after an error nothing has changed. The
// clock goes back with it, but for the time that passed on the machine. Sign-ins
// under way end. Faults and the audit log stay, and so do the secrets that came
// into being since: they have existed.
func (s *Server) Restore(exported []byte) error {
	var in export
	if err := json.Unmarshal(exported, &in); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if in.Format != exportFormat {
		return errors.New("restore: this is no export of a stand-in")
	}
	var restores []func()
	for _, part := range []struct {
		raw  json.RawMessage
		read func(json.RawMessage) (func(), error)
	}{{in.World, s.world.ReadExport}, {in.Gate, s.ReadExport}, {in.SignIn, s.signIn.ReadExport}} {
		restore, err := part.read(part.raw)
		if err != nil {
			return fmt.Errorf("restore: %w", err)
		}
		restores = append(restores, restore)
	}
	s.world.Lock()
	defer s.world.Unlock()
	for _, restore := range restores {
		restore()
	}
	return nil
}
