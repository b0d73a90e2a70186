# Completion of mfinfra for bash, 3.2 or newer. In ~/.bashrc:
#   eval "$(mfinfra completion bash)"
_mfinfra() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(_MFINFRA_COMPLETE=bash "$1" "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _mfinfra mfinfra
