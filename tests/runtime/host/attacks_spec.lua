-- Attacks that need no process of their own; the others are made by
-- tests/e2e/attacks_test.py and attacks_long_test.py.
local attack = require("tests.support.attack")

for _, class in ipairs(attack.classes) do
  describe("an attack on the sandbox, of the class " .. class .. ",", function()
    local names = {}
    for _, case in ipairs(attack.list(class)) do
      assert(not names[case.name], case.name)
      names[case.name] = true
      if not case.apart then
        it("gets nothing: " .. case.name, function()
          local got = attack.make(case, {})
          assert.is_nil(attack.problem(case, got))
        end)
      end
    end
  end)
end
