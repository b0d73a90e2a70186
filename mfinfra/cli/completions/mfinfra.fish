# Completion of mfinfra for fish, 3.1 or newer. In ~/.config/fish/config.fish:
#   mfinfra completion fish | source
function __mfinfra_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    set -g __mfinfra_found (_MFINFRA_COMPLETE=fish $words[1] $words[2..-1] "$last" 2>/dev/null)
    test (count $__mfinfra_found) -gt 0
end
# Where mfinfra knows nothing, fish offers files.
complete --command mfinfra --condition __mfinfra_complete --no-files --keep-order --arguments '$__mfinfra_found'
